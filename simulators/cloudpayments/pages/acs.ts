import { type Acquirer, formatAmount } from '#simulators/cloudpayments/acquirer';
import { escapeHtml, type Fields, Problem, type Reply } from '#simulators/kit';
import { framedPage } from './policy.ts';

const words = {
  en: {
    ...{ title: 'Is it you? · Test Bank', pay: 'Do you pay', card: 'with the card' },
    ...{ yes: 'Yes, it is me', no: 'No, stop it', note: 'The simulated bank asks for no code.' },
  },
  ru: {
    ...{ title: 'Это вы? · Test Bank', pay: 'Вы платите', card: 'картой' },
    ...{ yes: 'Да, это я', no: 'Нет, остановить', note: 'Это имитация банка: код не нужен.' },
  },
} as const;

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
  const { amountMinor, card, cultureName, currency, threeDs } = transaction;
  const language = cultureName?.startsWith('ru') ? 'ru' : 'en';
  const say = words[language];
  const button = (paRes: string, text: string, kind: string) =>
    `<form action="${escapeHtml(termUrl)}" method="post"><input type="hidden" name="MD" value="${transaction.id}">
<input type="hidden" name="PaRes" value="${paRes}"><button class="${kind}">${text}</button></form>`;
  return framedPage({
    ...{ title: say.title, language },
    sendsAnywhere: true,
    main: `<main class="sheet bank"><header><p class="mark" aria-hidden="true">TB</p><div><h1>Test Bank</h1><p class="dim">3-D Secure</p></div></header>
<p>${say.pay} <strong>${formatAmount(amountMinor)} ${escapeHtml(currency)}</strong> ${say.card}
<strong>•••• ${card.lastFour}</strong>?</p>
${transaction.description === null ? '' : `<p class="dim">${escapeHtml(transaction.description)}</p>`}
<div class="stack">${button(threeDs.approve, say.yes, 'primary')}
${button(threeDs.reject, say.no, 'plain')}</div>
<p class="dim note">${say.note}</p></main>`,
  });
}
