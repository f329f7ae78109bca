// The stand-in for Stripe.js: `Stripe(publishableKey)` with what a demo needs. It is served as /v3/, and as the script of
// the simulator's own last page, where it tells the page around its frame how it went.
(() => {
  const origin = document.currentScript ? new URL(document.currentScript.src).origin : '';
  const done = document.querySelector('main[data-status]');
  if (done && window.parent !== window) {
    window.parent.postMessage({ stripe: done.dataset.id, status: done.dataset.status }, '*');
  }

  function idOf(secret) {
    return secret.slice(0, secret.indexOf('_secret_'));
  }

  function payUrl(secret, returnUrl) {
    const query = new URLSearchParams({ secret });
    if (returnUrl) query.set('return_url', returnUrl);
    return `${origin}/pay/${idOf(secret)}?${query}`;
  }

  async function retrieve(key, secret) {
    const query = new URLSearchParams({ client_secret: secret, key });
    const answer = await fetch(`${origin}/v1/payment_intents/${idOf(secret)}?${query}`);
    const body = await answer.json();
    return answer.ok ? { paymentIntent: body } : { error: body.error };
  }

  /** Shows the page that pays in a frame above everything until it is over, or until it is closed. */
  function payInFrame(secret) {
    return new Promise((resolve) => {
      const dialog = document.createElement('dialog');
      const frame = document.createElement('iframe');
      frame.src = payUrl(secret);
      frame.title = 'Stripe simulator';
      frame.width = '440';
      frame.height = '420';
      const close = document.createElement('button');
      close.textContent = 'Close';
      close.addEventListener('click', () => dialog.close());
      const hear = (event) => {
        if (event.origin === origin && event.data?.stripe === idOf(secret)) dialog.close();
      };
      window.addEventListener('message', hear);
      dialog.addEventListener('close', () => {
        window.removeEventListener('message', hear);
        dialog.remove();
        resolve();
      });
      dialog.append(frame, close);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  function element() {
    const node = document.createElement('p');
    node.textContent = 'The card is entered on the page of the Stripe simulator.';
    return {
      mount(place) {
        (typeof place === 'string' ? document.querySelector(place) : place)?.replaceChildren(node);
      },
      unmount: () => node.remove(),
      destroy: () => node.remove(),
      on: () => undefined,
    };
  }

  window.Stripe = (key) => {
    const finish = async (secret) => {
      await payInFrame(secret);
      const result = await retrieve(key, secret);
      const error = result.paymentIntent?.last_payment_error;
      return error && result.paymentIntent.status === 'requires_payment_method'
        ? { error }
        : result;
    };
    return {
      elements: () => ({ create: element, getElement: () => null, submit: async () => ({}) }),
      retrievePaymentIntent: (secret) => retrieve(key, secret),
      confirmCardPayment: finish,
      handleNextAction: ({ clientSecret }) => finish(clientSecret),
      confirmPayment({ clientSecret, confirmParams = {} }) {
        window.location.assign(payUrl(clientSecret, confirmParams.return_url));
        return new Promise(() => undefined);
      },
    };
  };
})();
