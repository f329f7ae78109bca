import type { Clock } from '#clock';
import type { Executor, Tx } from '#database';
import { fail } from '#payments/errors';
import { paymentId } from '#payments/payment';
import { closeDifference } from '#payments/reconciliation';
import {
  type AttentionRow,
  countAttentionRows,
  findAttentionRow,
  insertAttentionClosing,
  listAttentionRows,
  type PaymentAttentionKind,
  paymentAttentionKinds,
} from './attention-store.ts';

/** Something that waits for a person. */
export interface AttentionItem {
  /** Where it stands among all that began at its moment: it begins with the name of its source. */
  readonly place: string;
  readonly kind: string;
  /** `pay_…`, `sub_…`, or the gateway's id of it. */
  readonly subject: string;
  readonly gateway?: string;
  readonly payment?: string;
  readonly subscription?: string;
  readonly amountMinor?: bigint;
  readonly currency?: string;
  readonly since: Date;
  readonly message: string;
  /** What may be done about it, the usual thing first; nothing where only its gateway can. */
  readonly actions: readonly AttentionAction[];
  /** Whether a person may say that nothing more is to be done, or that it may go on. */
  readonly isClosable: boolean;
}

export interface AttentionAction {
  readonly method: 'POST';
  readonly url: string;
}

export interface AttentionPage {
  /** Behind which one it begins. */
  readonly after: Pick<AttentionItem, 'since' | 'place'> | null;
  readonly kind: string | null;
  readonly limit: number;
}

/** One domain's part of the list of what waits for people: by the moment since when, then by place. */
export interface AttentionSource {
  /** The first word of its places. */
  readonly name: string;
  readonly kinds: readonly string[];
  list(executor: Executor, page: AttentionPage): Promise<readonly AttentionItem[]>;
  counts(executor: Executor): Promise<readonly { readonly kind: string; readonly count: number }[]>;
  /**
   * A person has looked at it, and nothing more is to be done, or it may go on. Throws `attention_unknown`, and
   * `attention_not_closable` for what has to be settled instead.
   */
  close(tx: Tx, closing: AttentionClosing): Promise<void>;
}

export interface AttentionClosing {
  readonly place: string;
  readonly actor: string;
  readonly reason: string;
}

/** What waits for people of payments. */
export function createPaymentAttention({ clock }: { readonly clock: Clock }): AttentionSource {
  return {
    ...{ name: 'payments', kinds: paymentAttentionKinds, counts: countAttentionRows },
    list: async (executor, page) => (await listAttentionRows(executor, page)).map(toItem),
    async close(tx, { actor, place, reason }) {
      const now = clock.now();
      const row = await findAttentionRow(tx, place);
      if (!row) throw fail('attention_unknown', 'Nothing of this name waits for anybody.');
      if (row.kind === 'unknown') {
        const why = 'Say what became of it: POST /v1/payments/{id}/settle.';
        throw fail('attention_not_closable', why);
      }
      if (row.kind === 'difference') {
        // In its row the kind of the difference stands where others have the way of paying.
        const { gateway, method: kind, subject } = row;
        await closeDifference(tx, { gateway, kind: kind ?? '', subject, actor, reason, now });
        return;
      }
      if (!(await insertAttentionClosing(tx, { place, actor, reason, now })))
        throw fail('attention_unknown', 'Somebody has closed it at this moment.');
    },
  };
}

function toItem(row: AttentionRow): AttentionItem {
  const { amount_minor, currency, customer_id, gateway, kind, payment_id, place, since } = row;
  const payment =
    customer_id === null || payment_id === null ? undefined : paymentId(customer_id, payment_id);
  return {
    ...{ place, kind, gateway, since, message: messageOf(row) },
    subject: kind === 'unknown' || kind === 'surplus' ? (payment ?? row.subject) : row.subject,
    ...(payment === undefined ? {} : { payment }),
    ...(amount_minor === null ? {} : { amountMinor: amount_minor }),
    ...(currency === null ? {} : { currency }),
    ...{ actions: actionsOf(row, payment), isClosable: kind !== 'unknown' },
  };
}

const MESSAGES: Readonly<Record<PaymentAttentionKind, string>> = {
  conflict: 'Money moved, and not what was asked for',
  unknown: 'Nobody could say what became of it, and nobody is asked any more',
  surplus: 'It was paid once more than was asked for, and is not on its way back',
  dispute: "The payer's bank has taken the money back for now: answer it at the gateway",
  fraud_warning: 'A network has heard of a fraud: give it back before the bank does, or leave it',
  fiscal_receipt: 'Its fiscal receipt is not registered: see at the gateway, or make it by hand',
  difference: 'Their book and ours differ',
};

function messageOf({ kind, method, reason }: AttentionRow): string {
  if (kind === 'difference') return `${method}: ${reason}`;
  return reason === null ? `${MESSAGES[kind]}.` : `${MESSAGES[kind]}: ${reason}.`;
}

function actionsOf(row: AttentionRow, payment = ''): readonly AttentionAction[] {
  const post = (url: string): AttentionAction => ({ method: 'POST', url });
  const settle = payment === '' ? [] : [post(`/v1/payments/${payment}/settle`)];
  const refund = payment === '' ? [] : [post(`/v1/payments/${payment}/refund`)];
  switch (row.kind) {
    case 'conflict':
    case 'unknown':
      // Of what an operator took there is no route to settle it.
      return row.method === 'card' ? settle : [];
    case 'surplus':
    case 'fraud_warning':
      return refund;
    case 'dispute':
    case 'fiscal_receipt':
      return [];
    case 'difference':
      return [post(`/v1/gateways/${row.gateway}/differences/close`)];
  }
}
