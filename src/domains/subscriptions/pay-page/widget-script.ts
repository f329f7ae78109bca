import { createScript } from '#http';

/**
 * Opens a gateway's form in the manner that its script wants. What the form says of the outcome decides nothing: whatever it
 * says, the server is asked, and the page of the result tells what is true.
 */
export const widgetScript = createScript(`(() => {
  const page = document.getElementById('pay');
  const { manner, result, state } = page.dataset;
  const parameters = JSON.parse(page.dataset.parameters);
  const button = page.querySelector('[data-open]');
  const say = (name) => {
    for (const notice of page.querySelectorAll('[data-says]')) notice.hidden = notice.dataset.says !== name;
  };
  const isSettled = async () => {
    try {
      return (await (await fetch(state)).json()).state !== 'open';
    } catch {
      return false;
    }
  };
  const ways = {
    async 'cloudpayments-start'() {
      const { status, type } = await new cp.CloudPayments().start(parameters);
      return status === 'success' ? 'paid' : type === 'cancel' ? 'closed' : 'declined';
    },
    'cloudpayments-pay': () =>
      new Promise((resolve) => {
        let last = 'closed';
        new cp.CloudPayments({ language: parameters.options.language }).pay(parameters.scheme, parameters.options, {
          onComplete: ({ success }) => (last = success ? 'paid' : 'declined'),
          onSuccess: () => resolve('paid'),
          onFail: () => resolve(last),
        });
      }),
    async 'stripe-elements'() {
      const { error } = await stripe.client.confirmPayment({
        elements: stripe.elements,
        confirmParams: { return_url: parameters.returnUrl },
        redirect: 'if_required',
      });
      if (!error) return 'paid';
      return error.type === 'validation_error' ? '' : 'declined';
    },
  };
  let stripe;
  function mountStripe() {
    const client = Stripe(parameters.publishableKey);
    const elements = client.elements({ clientSecret: parameters.clientSecret });
    elements.create('payment').mount('#element');
    stripe = { client, elements };
  }
  async function open() {
    button.disabled = true;
    say('');
    try {
      const outcome = await ways[manner]();
      if (outcome === 'paid' || (await isSettled())) return location.replace(result);
      say(outcome);
    } catch {
      say('missing');
    }
    button.disabled = false;
  }
  button.addEventListener('click', open);
  // A page that comes back out of the browser's memory looks at the truth again.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  try {
    if (manner === 'stripe-elements') mountStripe();
    else if (typeof cp === 'undefined') say('missing');
    else if (page.dataset.now === 'yes') open();
  } catch {
    say('missing');
  }
})();`);
