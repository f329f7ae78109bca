import { readFile } from 'node:fs/promises';

/** Where a lender's system asks, and with whose key. */
export interface FirstMessagesOptions {
  /** The beginning of the API's URLs, without a slash at its end. */
  readonly apiUrl: string;
  readonly keyFile: string;
  readonly entity: string;
  readonly signal: AbortSignal;
}

export const firstRecipients = {
  /** Moscow. */
  receipt: '+79161234501',
  /** Far away: its night is another than ours. */
  debtor: '+79141234502',
  stranger: '+79161234503',
} as const;

const CALL_TIMEOUT_MS = 5000;

/** One that may go at once, one to which a law gives its hours, and one to which nobody has consented. */
const MESSAGES = [
  {
    ...{ class: 'transaction', recipient: firstRecipients.receipt, reference: 'demo-receipt' },
    text: 'Alfa: платёж 1 500 ₽ получен. Спасибо!',
  },
  {
    ...{ class: 'debt', recipient: firstRecipients.debtor, reference: 'demo-debt' },
    text: 'Alfa Finance: у вас просроченная задолженность. Позвоните: +7 495 123-45-67.',
  },
  {
    ...{ class: 'ad', recipient: firstRecipients.stranger, reference: 'demo-ad' },
    text: 'Alfa: кредит за час. Оцените свои финансовые возможности и риски',
  },
] as const;

/** Sends them over HTTP, as a lender's system would. Throws when the API refuses one. */
export async function sendFirstMessages(options: FirstMessagesOptions): Promise<void> {
  const { apiUrl, entity, keyFile, signal } = options;
  const key = (await readFile(keyFile, 'utf8')).trim();
  for (const message of MESSAGES) {
    const answer = await fetch(`${apiUrl}/v1/sms`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ entity, ...message }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    if (!answer.ok) throw new Error(`/v1/sms answered ${answer.status}: ${await answer.text()}`);
  }
}
