import {
  escapeHtml,
  formatMinor,
  type GatewayRoute,
  type GatewayVisit,
  hostedPage,
  json,
  Problem,
  type Reply,
  readPageFiles,
  seeOther,
} from '#simulators/kit';
import { testCards } from './cards.ts';
import { closeByHand, disputeByHand, warnByHand } from './disputes.ts';
import type { PaymentIntent, SetupIntent } from './objects.ts';
import { confirmIntent, finishAuthentication } from './payment-intents.ts';
import { finishSetup } from './setup-intents.ts';
import type { Stripe } from './stripe.ts';

const files = readPageFiles('stripe', import.meta.url);
const scriptHeaders = { 'access-control-allow-origin': '*', 'cache-control': 'no-cache' };

/** Stripe's side of a browser: the script, the page that pays, the page where a payer proves himself; and disputes by hand. */
export function hostedRoutes(stripe: Stripe): readonly GatewayRoute[] {
  return [
    ['GET', /^\/v3\/?$/, () => ({ ...files('stripe.js'), headers: scriptHeaders })],
    ['GET', /^\/(stripe\.css|stripe\.js)$/, ({ group }) => files(group)],
    ['GET', /^\/pay\/(pi_\w+)$/, (visit) => showPay(stripe, visit)],
    ['POST', /^\/pay\/(pi_\w+)$/, (visit) => pay(stripe, visit)],
    ['GET', /^\/authenticate\/(\w+)$/, (visit) => showAuthenticate(stripe, visit)],
    ['POST', /^\/authenticate\/(\w+)$/, (visit) => authenticate(stripe, visit)],
    ['POST', /^\/disputes$/, ({ fields }) => json(201, disputeByHand(stripe, fields))],
    ['POST', /^\/fraud-warnings$/, ({ fields }) => json(201, warnByHand(stripe, fields))],
    [
      'POST',
      /^\/disputes\/(du_\w+)\/close$/,
      ({ fields, group }) => json(200, closeByHand(stripe, group, fields)),
    ],
  ];
}

/** Who knows the secret may pay: nothing on the page can change the amount. */
function intentOf(stripe: Stripe, { fields, group, query }: GatewayVisit): PaymentIntent {
  const intent = stripe.intents.get(group);
  const secret = query.get('secret') ?? fields.secret;
  if (!intent || intent.client_secret !== secret)
    throw new Problem(404, 'No such payment', 'secret');
  return intent;
}

function returnUrlOf({ fields, query }: GatewayVisit): string {
  const url = query.get('return_url') ?? fields.return_url;
  return typeof url === 'string' && /^https?:\/\//.test(url) && URL.canParse(url) ? url : '';
}

function showPay(stripe: Stripe, visit: GatewayVisit, problem = ''): Reply {
  const intent = intentOf(stripe, visit);
  const returnUrl = returnUrlOf(visit);
  if (intent.status === 'requires_action' && intent.next_action) {
    return seeOther(intent.next_action.redirect_to_url.url);
  }
  if (!['requires_payment_method', 'requires_confirmation'].includes(intent.status)) {
    return leave(intent, returnUrl);
  }
  const cards = Object.entries(testCards).map(
    ([name, { number }]) => `<option value="${name}">${number.slice(-4)} · ${name}</option>`,
  );
  return hostedPage({
    ...{ status: problem === '' ? 200 : 402, title: 'Pay · Stripe simulator', leadsTo: returnUrl },
    isFramed: true,
    main: `<main><h1>Stripe simulator</h1><p class="sum">${formatMinor(intent.amount, intent.currency.toUpperCase())}</p>
<p>${escapeHtml(intent.description ?? '')}</p>
${problem === '' ? '' : `<p class="problem" role="alert">${escapeHtml(problem)}</p>`}
<form action="/pay/${intent.id}" method="post">
<input type="hidden" name="secret" value="${escapeHtml(intent.client_secret)}">
<input type="hidden" name="return_url" value="${escapeHtml(returnUrl)}">
<label>Test card <select name="card">${cards.join('')}</select></label>
<button class="primary">Pay</button></form></main>`,
  });
}

function pay(stripe: Stripe, visit: GatewayVisit): Reply {
  const intent = intentOf(stripe, visit);
  const returnUrl = returnUrlOf(visit);
  const card = String(visit.fields.card ?? 'visa');
  if (testCards[card] === undefined) throw new Problem(400, 'No such test card', 'card');
  const params = { payment_method: `pm_card_${card}`, return_url: returnUrl };
  stripe.context = undefined;
  const reply = stripe.gateway.store.transact(() =>
    confirmIntent(stripe, intent.id, { params, origin: visit.origin }),
  );
  const now = stripe.intents.need(intent.id);
  if (reply.status === 402) return showPay(stripe, visit, now.last_payment_error?.message);
  if (now.next_action) return seeOther(now.next_action.redirect_to_url.url);
  return leave(now, returnUrl);
}

type Asking = PaymentIntent | SetupIntent;

function askingOf(stripe: Stripe, { fields, group, query }: GatewayVisit): Asking {
  const asking = stripe.intents.get(group) ?? stripe.setups.get(group);
  const secret = query.get('secret') ?? fields.secret;
  if (!asking || asking.client_secret !== secret)
    throw new Problem(404, 'Nothing to prove', 'secret');
  return asking;
}

function showAuthenticate(stripe: Stripe, visit: GatewayVisit): Reply {
  const asking = askingOf(stripe, visit);
  const returnUrl = asking.next_action?.redirect_to_url.return_url ?? '';
  if (asking.status !== 'requires_action') return leave(asking, returnUrl);
  const what =
    asking.object === 'payment_intent'
      ? `A payment of ${formatMinor(asking.amount, asking.currency.toUpperCase())}.`
      : 'A card is to be kept for later payments.';
  return hostedPage({
    ...{ title: '3-D Secure · Stripe simulator', leadsTo: returnUrl, isFramed: true },
    main: `<main><h1>3-D Secure</h1><p>${what} Is it you?</p>
<form action="/authenticate/${asking.id}" method="post">
<input type="hidden" name="secret" value="${escapeHtml(asking.client_secret)}">
<p><button class="primary" name="answer" value="approve">Yes, it is me</button>
<button name="answer" value="decline">No</button></p></form></main>`,
  });
}

function authenticate(stripe: Stripe, visit: GatewayVisit): Reply {
  const asking = askingOf(stripe, visit);
  const returnUrl = asking.next_action?.redirect_to_url.return_url ?? '';
  const isProved = visit.fields.answer === 'approve';
  stripe.context = undefined;
  const now = stripe.gateway.store.transact(() =>
    asking.object === 'payment_intent'
      ? finishAuthentication(stripe, asking.id, isProved)
      : finishSetup(stripe, asking.id, isProved),
  );
  return leave(now, returnUrl);
}

/** Back to the merchant, with what Stripe adds to the address; without an address a page that says how it went. */
function leave(asking: Asking, returnUrl: string): Reply {
  const hasFailed = ['requires_payment_method', 'canceled'].includes(asking.status);
  if (returnUrl === '') {
    return hostedPage({
      ...{ title: 'Stripe simulator', isFramed: true, files: 'stripe' },
      main: `<main data-status="${asking.status}" data-id="${asking.id}"><h1>${hasFailed ? 'Not paid' : 'Done'}</h1>
<p>${asking.status}</p></main>`,
    });
  }
  const url = new URL(returnUrl);
  const kind = asking.object;
  url.searchParams.set(kind, asking.id);
  url.searchParams.set(`${kind}_client_secret`, asking.client_secret);
  url.searchParams.set('redirect_status', hasFailed ? 'failed' : 'succeeded');
  return seeOther(url.href);
}
