import {
  escapeHtml,
  formatMinor,
  type GatewayRoute,
  type GatewayVisit,
  hostedPage,
  json,
  Problem,
  type Reply,
  seeOther,
} from '#simulators/kit';
import { charge } from './payments.ts';
import { reasons, reasonsOfCards } from './reasons.ts';
import { type Method, newId, type Payment, type Shop } from './shop.ts';

const card = { first6: '555555', last4: '4477' };

/** YooKassa's side of a browser, and what a payer does in his own account there. */
export function checkoutRoutes(shop: Shop): readonly GatewayRoute[] {
  return [
    ['GET', /^\/checkout\/([\w-]+)$/, ({ group }) => show(shop, paymentOf(shop, group))],
    ['POST', /^\/checkout\/([\w-]+)$/, (visit) => pay(shop, visit)],
    ['POST', /^\/methods\/([\w-]+)\/revoke$/, ({ group }) => revoke(shop, group)],
  ];
}

function paymentOf(shop: Shop, id: string): Payment {
  const payment = shop.payments.get(id);
  if (payment?.confirmationUrl === undefined) throw new Problem(404, 'No such payment', 'id');
  return payment;
}

function isOpen({ methodId, status }: Payment): boolean {
  return status === 'pending' && methodId === undefined;
}

function show(shop: Shop, payment: Payment): Reply {
  if (!isOpen(payment)) return leave(payment);
  const { amount, description = '', id, returnUrl, saveMethod } = payment;
  const options = reasonsOfCards.map((reason) => `<option value="${reason}">${reason}</option>`);
  const keep =
    saveMethod === undefined
      ? '<label><input type="checkbox" name="save" value="true"> Keep the card for later payments</label>'
      : `<p class="dim">${saveMethod ? 'The card is kept for later payments.' : ''}</p>`;
  return hostedPage({
    ...{ title: 'Pay · YooKassa simulator', leadsTo: returnUrl },
    main: `<main><h1>YooKassa simulator</h1>
<p class="sum">${formatMinor(amount.minor, amount.currency)}</p><p>${escapeHtml(description)}</p>
<p class="dim">Shop ${escapeHtml(shop.gateway.settings.shopId)}</p>
<form action="/checkout/${id}" method="post">${keep}
<button class="primary" name="answer" value="approve">Pay by card *${card.last4}</button></form>
<form action="/checkout/${id}" method="post"><label>Or be declined for <select name="reason">${options.join('')}</select></label>
<button name="answer" value="decline">Decline</button></form></main>`,
  });
}

/** The button twice is one payment. */
function pay(shop: Shop, { fields, group }: GatewayVisit): Reply {
  const payment = paymentOf(shop, group);
  if (!isOpen(payment)) return leave(payment);
  const reason =
    fields.answer === 'approve'
      ? undefined
      : (reasons.find((one) => one === fields.reason) ?? 'general_decline');
  const paid = shop.gateway.store.transact(() => {
    const isSaved = reason === undefined && (payment.saveMethod ?? fields.save === 'true');
    const id = newId(shop.nowMs(), '001d');
    const method: Method = { id, ...card, isSaved, isRevoked: false };
    shop.methods.put(id, method);
    return charge(shop, payment, method, reason);
  });
  return leave(paid);
}

function leave({ returnUrl, status }: Payment): Reply {
  if (returnUrl !== undefined) return seeOther(returnUrl);
  return hostedPage({ title: 'YooKassa simulator', main: `<main><h1>${status}</h1></main>` });
}

/** Its holder does not want to be charged any more. */
function revoke(shop: Shop, id: string): Reply {
  const method = shop.methods.get(id);
  if (!method) throw new Problem(404, 'No such payment method', 'id');
  const revoked = { ...method, isRevoked: true };
  shop.gateway.store.transact(() => shop.methods.put(id, revoked));
  return json(200, { id, revoked: true });
}
