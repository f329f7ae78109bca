import type { CardGateway, Presentation, PresentOrder } from '#payments/card-gateway';

/** What stands at the other end of a house under test: a gateway's simulator, as every kind of gateway can be used. */
export interface CardOutside {
  readonly name: string;
  /** Tells `site` what happens; the address of a type is behind it. */
  open(site: string): Promise<OpenOutside>;
}

/** What a payer does. */
export interface Paying {
  readonly payment: string;
  readonly account: string;
  readonly amountMinor?: bigint;
  /** How he is led to pay; of gateways that take a payment without, undefined. */
  readonly presentation?: Presentation;
}

export interface OpenOutside {
  readonly url: string;
  readonly card: CardGateway;
  /** With a card that pays at once, and its token too. False where the gateway did not take it. */
  pay(paying: Paying): Promise<boolean>;
  /** With one that has no money. */
  fail(paying: Paying): Promise<void>;
  /** What its own book says of a payment, in minor units. */
  book(payment: string): Promise<Book>;
  /** Somebody gives back in the gateway's own cabinet. */
  refundAside(transaction: string, amountMinor: bigint): Promise<void>;
  /** A payer's bank takes it back. */
  dispute?(transaction: string): Promise<void>;
  /** A network has heard of a fraud. */
  warn?(transaction: string): Promise<void>;
  /** A payer's bank only asks: no money has moved. */
  enquire?(transaction: string): Promise<void>;
  /** What it tells comes this often. */
  duplicate(share: number): Promise<void>;
  /** Everything that waits to be told again is told now. */
  tellAgain(): Promise<void>;
  /** The next call is carried out and never answered. */
  loseAnswer(call: 'charge' | 'refund' | 'confirm'): Promise<void>;
  close(): Promise<void>;
}

export interface Book {
  readonly debits: number;
  readonly debited: number;
  readonly refunded: number;
}

export type Shown = Pick<PresentOrder, 'ipAddress' | 'locale' | 'returnUrl'>;

export async function callJson<Result>(
  method: string,
  url: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const answer = await fetch(url, {
    ...{ method, headers: { 'content-type': 'application/json', ...headers } },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as Result;
}
