import { type Acquirer, formatAmount } from '#simulators/cloudpayments/acquirer';
import { escapeHtml, type Fields, Problem, type Reply } from '#simulators/kit';
import { framedPage } from './policy.ts';

/**
 * The page of the bank that gave out the card: is it you? Each button sends its own answer (`PaRes`) to the merchant's
 * `TermUrl` by itself: no script is needed.
 */
export function acsPage({ store }: Acquirer, fields: Fields): Reply {
  const { MD: md, PaReq: paReq, TermUrl: termUrl } = fields;
  const transaction = store.transactions.get(Number(md));
  if (typeof termUrl !== 'string' || !/^https?:\/\//.test(termUrl)) {
    throw new Problem(400, 'TermUrl must be an address that begins with http', 'TermUrl');
  }
  if (transaction?.threeDs?.paReq !== paReq || !transaction?.threeDs) {
    throw new Problem(400, 'PaReq and MD must be those of a payment that waits for it', 'PaReq');
  }
  const { amountMinor, card, currency, threeDs } = transaction;
  const button = (paRes: string, text: string, kind: string) =>
    `<form action="${escapeHtml(termUrl)}" method="post"><input type="hidden" name="MD" value="${transaction.id}">
<input type="hidden" name="PaRes" value="${paRes}"><button class="${kind}">${text}</button></form>`;
  return framedPage({
    title: 'Is it you? · Test Bank',
    language: 'en',
    sendsAnywhere: true,
    main: `<main class="sheet bank"><header><p class="mark" aria-hidden="true">TB</p><div><h1>Test Bank</h1><p class="dim">3-D Secure</p></div></header>
<p>Do you pay <strong>${formatAmount(amountMinor)} ${escapeHtml(currency)}</strong> with the card
<strong>•••• ${card.lastFour}</strong>?</p>
${transaction.description === null ? '' : `<p class="dim">${escapeHtml(transaction.description)}</p>`}
<div class="stack">${button(threeDs.approve, 'Yes, it is me', 'primary')}
${button(threeDs.reject, 'No, stop it', 'plain')}</div>
<p class="dim note">The simulated bank asks for no code.</p></main>`,
  });
}
