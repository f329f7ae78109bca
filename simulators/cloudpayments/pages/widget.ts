import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Acquirer,
  type Answer,
  type Caller,
  completeThreeDs,
  type PaymentLink,
  pay,
  readCryptogram,
  reasonName,
  testCards,
} from '#simulators/cloudpayments/acquirer';
import { carryOutOnce, Refusal, RequestFields, readOrder } from '#simulators/cloudpayments/api';
import {
  escapeHtml,
  type Fields,
  isFields,
  json,
  Problem,
  type Reply,
  readPageFiles,
} from '#simulators/kit';
import { framedPage } from './policy.ts';

/** The style and the script of what stands in the frame. */
export const widgetFile = readPageFiles('widget', import.meta.url);

const scriptHeaders = { 'cache-control': 'no-cache', 'access-control-allow-origin': '*' };

/** What merchants' pages load, from any site. */
function scriptReply(file: string): Reply {
  const body = readFileSync(new URL(file, import.meta.url), 'utf8');
  return { status: 200, type: 'text/javascript; charset=utf-8', body, headers: scriptHeaders };
}

export const bundleScript = scriptReply('bundle.js');
export const checkoutScript = scriptReply('checkout.js');

const shownFamilies = ['plain', 'three-d-secure', 'renewals-fail', 'no-money'] as const;

/** The form in the frame that the merchant's page puts over itself; what is paid stands behind the `#` of its address. */
export function widgetPage(attributes = ''): Reply {
  const cards = shownFamilies.map((family) => {
    const [visa, , mir] = testCards[family];
    const number = family === 'no-money' ? mir : visa;
    return `<button type="button" data-card="${number}"><span>${number.replaceAll(/(\d{4})(?=\d)/g, '$1 ')}</span> <small data-word="${family}"></small></button>`;
  });
  return framedPage({
    title: 'Payment',
    language: 'ru',
    attributes: `data-widget${attributes}`,
    main: `<main class="sheet" data-view="form">
<header><div><p class="dim" data-text="description"></p><h1 data-text="amount"></h1></div>
<button type="button" class="close" data-close aria-label="Close">×</button></header>
<form data-form novalidate>
<label data-email hidden><span data-word="email"></span><input name="email" type="email" autocomplete="email"></label>
<label><span data-word="number"></span><input name="number" inputmode="numeric" autocomplete="cc-number" placeholder="0000 0000 0000 0000" maxlength="23"></label>
<div class="pair"><label><span data-word="expires"></span><input name="expires" inputmode="numeric" autocomplete="cc-exp" placeholder="12/30" maxlength="5"></label>
<label><span data-word="cvv"></span><input name="cvv" type="password" inputmode="numeric" autocomplete="cc-csc" placeholder="•••" maxlength="4"></label></div>
<p class="problem" data-problem role="alert" hidden></p>
<button class="primary" data-pay></button>
</form>
<details><summary data-word="tests"></summary><div class="cards">${cards.join('')}</div></details>
<iframe title="3-D Secure" name="bank" data-bank></iframe>
<div class="outcome" data-outcome role="status"><p class="sign" data-sign aria-hidden="true"></p><h2 data-said></h2><p class="dim" data-why></p>
<button type="button" class="primary" data-again hidden></button><button type="button" class="plain" data-close data-word="close"></button></div>
</main>`,
  });
}

/** A page of its own for a payment by link. */
export function linkPage({ store, sites }: Acquirer, id: string): Reply {
  const link = store.links.get(id);
  if (!link || !sites.has(link.site)) throw new Problem(404, 'No such order');
  if (link.status !== 'Created')
    throw new Problem(410, `The order is ${link.status.toLowerCase()}`);
  const { order } = link;
  const parameters = {
    ...{ publicId: link.site, link: link.id, scheme: order.twoStage ? 'auth' : 'charge' },
    ...{ amount: order.amountMinor / 100, currency: order.currency, email: order.email },
    ...{ description: order.description, language: order.cultureName ?? 'ru-RU' },
    ...{ successUrl: link.successUrl, failUrl: link.failUrl },
  };
  return widgetPage(` data-parameters="${escapeHtml(JSON.stringify(parameters))}"`);
}

/** The frame pays: what it pays for comes from the browser, as with the real one, and is not to be trusted. */
export async function payFromWidget(acquirer: Acquirer, body: Fields): Promise<Reply> {
  const fields = new RequestFields(body);
  const site = acquirer.sites.get(String(body.publicId));
  if (site === undefined) throw new Problem(400, 'There is no such Public ID', 'publicId');
  const link = linkOf(acquirer, body.link);
  try {
    const card = readCryptogram(fields.needText('CardCryptogramPacket'));
    if (card === undefined) throw new Refusal('Invalid CardCryptogramPacket value');
    const order = link
      ? { ...link.order, email: fields.text('Email') ?? link.order.email }
      : { ...readOrder(fields, body.scheme === 'auth'), saveCard: body.tokenize !== false };
    const answer = await carryOutOnce({
      ...{ acquirer, site, requestId: `widget ${fields.text('requestId') ?? randomUUID()}` },
      run: (caller) => {
        const whole = { ...order, ipAddress: '127.0.0.1', initiator: 1 as const };
        return pay(payingFor(caller, link), whole, { card, token: null });
      },
    });
    return json(200, toResult(answer));
  } catch (error) {
    if (error instanceof Refusal) throw new Problem(400, error.message);
    throw error;
  }
}

/** The bank sends the browser back into the frame. */
export async function returnFromBank(
  acquirer: Acquirer,
  fields: Fields,
  linkId: string | null,
): Promise<Reply> {
  const transaction = acquirer.store.transactions.get(Number(fields.MD));
  const site = acquirer.sites.get(transaction?.site ?? '');
  if (!transaction || !site) throw new Problem(400, 'MD must be that of a payment', 'MD');
  const answer = await carryOutOnce({
    ...{ acquirer, site, requestId: `widget 3ds ${transaction.id}` },
    run: (caller) => {
      const payer = payingFor(caller, linkOf(acquirer, linkId));
      return completeThreeDs(payer, transaction, String(fields.PaRes));
    },
  });
  return framedPage({
    ...{ title: 'Payment', language: 'en', main: '<p class="dim">…</p>' },
    attributes: `data-result="${escapeHtml(JSON.stringify(toResult(answer)))}"`,
  });
}

function linkOf({ store }: Acquirer, id: unknown): PaymentLink | undefined {
  if (typeof id !== 'string' || id === '') return undefined;
  const link = store.links.get(id);
  if (link?.status !== 'Created') throw new Problem(410, 'The order is paid or cancelled', 'link');
  return link;
}

/** An order by link is paid in the same moment as its money is taken. */
function payingFor(caller: Caller, link: PaymentLink | undefined): Caller {
  if (link === undefined) return caller;
  const settle: Caller['settle'] = (answer, change) => {
    const paid = { ...link, status: 'Paid', paidMs: caller.acquirer.clock.now() } as const;
    return caller.settle(answer, answer.success ? { ...change, links: [paid] } : change);
  };
  return { ...caller, settle };
}

/** What the frame is told: never more than the holder of the card may see. */
function toResult({ message, model, success, transaction }: Answer) {
  if (isFields(model) && 'PaReq' in model) {
    const { PaReq: paReq, TransactionId: id } = model;
    return { outcome: 'bank', transactionId: id, paReq };
  }
  const code = transaction?.reasonCode ?? 0;
  return {
    outcome: success ? 'paid' : 'declined',
    transactionId: transaction?.id ?? null,
    ...{ code, reason: transaction ? reasonName(code) : message },
  };
}
