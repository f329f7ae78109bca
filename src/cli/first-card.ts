import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cryptogramOf } from '#simulators/cloudpayments';

/** Where a shop's system asks, with whose key, and where the simulated gateway stands. */
export interface FirstCardOptions {
  /** The beginning of the API's URLs, without a slash at its end. */
  readonly apiUrl: string;
  readonly keyFile: string;
  readonly gatewayUrl: string;
  readonly plan: string;
  readonly priceMinor: bigint;
  readonly signal: AbortSignal;
}

export const FIRST_CARD = { msisdn: '+79161234510', card: '4000000000003055' } as const;

const CALL_TIMEOUT_MS = 5000;
const IP = '203.0.113.7';

interface Begun {
  readonly payment: string;
  readonly page: string;
  readonly presentation?: { readonly parameters: WidgetParameters };
}

interface WidgetParameters {
  readonly publicTerminalId: string;
  readonly externalId: string;
  readonly amount: number;
  readonly currency: string;
  readonly userInfo: { readonly accountId: string };
}

/**
 * A shop begins a subscription over HTTP, and its customer pays on the page: what the gateway's widget does in his browser
 * is done here. Answers the address of our own page. Throws when somebody refuses.
 */
export async function buyFirstMonth(options: FirstCardOptions): Promise<string> {
  const { gatewayUrl } = options;
  const { page, payment, presentation } = await begin(options);
  if (!presentation) throw new Error(`the gateway showed no page for ${payment}`);
  const { parameters } = presentation;
  const answer = await fetch(`${gatewayUrl}/widget/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ publicId: parameters.publicTerminalId, tokenize: true, requestId: randomUUID() },
      ...{ amount: parameters.amount, currency: parameters.currency },
      ...{ invoiceId: parameters.externalId, accountId: parameters.userInfo.accountId },
      cardCryptogramPacket: cryptogramOf({
        ...{ number: FIRST_CARD.card, expires: '12/59', name: 'A CUSTOMER' },
      }),
    }),
    signal: patience(options.signal),
  });
  if (!answer.ok) throw new Error(`the gateway answered ${answer.status}: ${await answer.text()}`);
  return page;
}

async function begin(options: FirstCardOptions): Promise<Begun> {
  const { apiUrl, keyFile, plan, priceMinor, signal } = options;
  const key = (await readFile(keyFile, 'utf8')).trim();
  const answer = await fetch(`${apiUrl}/v1/pay`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({
      ...{ plan, msisdn: FIRST_CARD.msisdn, return_url: `${apiUrl}/` },
      consent: {
        text: 'I agree to pay 199.00 ₽ a month until I cancel.',
        ...{ price_minor: Number(priceMinor), ip: IP, at: new Date().toISOString() },
      },
    }),
    signal: patience(signal),
  });
  if (!answer.ok) throw new Error(`/v1/pay answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Begun;
}

function patience(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
}
