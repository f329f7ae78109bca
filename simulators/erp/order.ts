/** What the ERP is asked for, as it stands in its own book. */
export interface Order {
  readonly erpId: string;
  readonly clientId: string;
  readonly account: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** How much of it cash payment facts cover. */
  readonly factsMinor: number;
}

/** A status as it goes out: JSON of this shape, with `erp_id` as its key. */
export interface StatusMessage {
  readonly event_id: string;
  readonly erp_id: string;
  readonly status: string;
  readonly reason?: string;
  readonly occurred_at: string;
}

export type Feed = 'ard' | 'oebs';

/** Reads a message of the topic of new payouts; says what is wrong with one that can't be understood. */
export function readOrder(message: unknown): Order | string {
  if (typeof message !== 'object' || message === null) return 'it is no object';
  const { erp_id, client_id, account, amount_minor, currency, cash_payment_facts } =
    message as Record<string, unknown>;
  if (typeof erp_id !== 'string' || !/^[\w-]{1,64}$/.test(erp_id)) return 'erp_id is no id';
  if (typeof client_id !== 'string' || client_id === '') return 'client_id is missing';
  if (typeof account !== 'string' || account === '') return 'account is missing';
  if (!isAmount(amount_minor)) return 'amount_minor is no whole number above zero';
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return 'currency is none';
  const facts = readFacts(cash_payment_facts);
  if (typeof facts === 'string') return facts;
  if (facts > amount_minor) return 'cash_payment_facts are more than amount_minor';
  return {
    ...{ erpId: erp_id, clientId: client_id, account, amountMinor: amount_minor, currency },
    factsMinor: facts,
  };
}

function readFacts(facts: unknown): number | string {
  if (facts === undefined) return 0;
  if (!Array.isArray(facts)) return 'cash_payment_facts is no list';
  let sum = 0;
  for (const fact of facts as readonly { readonly amount_minor?: unknown }[]) {
    if (!isAmount(fact?.amount_minor)) return 'a cash payment fact has no amount_minor';
    sum += fact.amount_minor;
  }
  return sum;
}

function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
