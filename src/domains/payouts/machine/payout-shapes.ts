import { AmountMinor, CurrencyCode, Instant, Type } from '#http';
import { payoutId } from '#payouts/payout';
import type { StatusRow } from '#payouts/statuses';
import type { ApprovalRow } from './approval-store.ts';
import type { FactView, PayoutView, StepView } from './payout-views.ts';

/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

/** Why somebody decided as they did: it stands in the history. */
export const ReasonText = Type.String({ minLength: 1, maxLength: 500, pattern: STORABLE });
export const ClientId = Type.String({ minLength: 1, maxLength: 100, pattern: STORABLE });
export const PayoutParams = Type.Object({ id: Type.String({ maxLength: 60 }) });

export const Payout = Type.Object({
  payout: Type.String({ description: 'po_…' }),
  client_id: Type.String(),
  account: Type.String({ description: 'acc_…' }),
  amount_minor: AmountMinor,
  currency: CurrencyCode,
  reserved_minor: Type.Optional(AmountMinor),
  uncovered_minor: Type.Optional(AmountMinor),
  state: Type.String(),
  reason: Type.Optional(Type.String()),
  moving: Type.Optional(
    Type.String({ description: 'The step whose money is being moved at this moment.' }),
  ),
  cancelling: Type.Boolean({ description: 'It will be cancelled when its money has arrived.' }),
  held: Type.Boolean({ description: 'Its client is held: it will not be sent.' }),
  silent: Type.Boolean({ description: 'Sent, and nothing was heard of it for too long.' }),
  trouble: Type.Optional(
    Type.String({ description: 'Why its money could not be moved at the last try.' }),
  ),
  conflict: Type.Optional(
    Type.String({ description: 'Sources contradict each other: people decide.' }),
  ),
  ard_state: Type.Optional(Type.String({ description: 'The word of the receivables feed.' })),
  erp_id: Type.String(),
  approvals_needed: Type.Integer(),
  approval_hash: Type.Optional(Type.String({ description: 'Of what is to be approved.' })),
  created_at: Instant,
  sent_at: Type.Optional(Instant),
  acknowledged_at: Type.Optional(Instant),
  paid_at: Type.Optional(Instant),
  closed_at: Type.Optional(Instant),
});

const optional = <Name extends string, Value>(name: Name, value: Value | null) =>
  (value === null ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };

export function payoutToApi(view: PayoutView) {
  return {
    ...{ payout: payoutId(view.id), client_id: view.client_id, account: view.account },
    ...{ amount_minor: view.amount_minor, currency: view.currency, state: view.state },
    ...optional('reserved_minor', view.reserved_minor),
    ...optional('uncovered_minor', view.uncovered_minor),
    ...optional('reason', view.reason),
    ...optional('moving', view.moving),
    ...{ cancelling: view.cancel_wished || view.moving === 'cancel' },
    ...{ held: view.held, silent: view.silent },
    ...optional('trouble', view.trouble),
    ...optional('conflict', view.conflict),
    ...optional('ard_state', view.ard_state),
    ...{ erp_id: view.erp_id, approvals_needed: view.approvals_needed },
    ...optional('approval_hash', view.approved_hash),
    created_at: view.created_at,
    ...optional('sent_at', view.sent_at),
    ...optional('acknowledged_at', view.acknowledged_at),
    ...optional('paid_at', view.paid_at),
    ...optional('closed_at', view.closed_at),
  };
}

const Step = Type.Object({
  number: Type.Integer(),
  step: Type.String(),
  from: Type.String(),
  to: Type.String(),
  actor: Type.String(),
  detail: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  at: Instant,
});

const Fact = Type.Object({
  fact: Type.String(),
  reference: Type.String({ description: 'The statement that brought it.' }),
  amount_minor: AmountMinor,
  returned_at: Type.Optional(Instant),
});

const Approval = Type.Object({
  approver: Type.String(),
  decision: Type.String(),
  hash: Type.String(),
  comment: Type.Optional(Type.String()),
  at: Instant,
});

export const Status = Type.Object({
  source: Type.String({ description: 'ard, oebs or bank' }),
  event_id: Type.String(),
  erp_id: Type.String(),
  payout: Type.Optional(Type.String()),
  status: Type.String(),
  reason: Type.Optional(Type.String()),
  occurred_at: Type.Optional(Instant),
  received_at: Instant,
  outcome: Type.String({ description: 'applied, ignored, parked, unknown or conflict' }),
  note: Type.Optional(Type.String()),
});

export const PayoutStory = Type.Intersect([
  Payout,
  Type.Object({
    steps: Type.Array(Step),
    cash_payment_facts: Type.Array(Fact),
    approvals: Type.Array(Approval),
    statuses: Type.Array(Status),
  }),
]);

export function stepToApi(step: StepView) {
  const { actor, at, number } = step;
  return {
    ...{ number, step: step.step, from: step.from_state, to: step.to_state, actor },
    ...optional('detail', step.detail),
    at,
  };
}

export function factToApi({ amount_minor, fact, reference, returned_at }: FactView) {
  return { fact, reference, amount_minor, ...optional('returned_at', returned_at) };
}

export function approvalToApi({ approver, at, comment, decision, hash }: ApprovalRow) {
  return { approver, decision, hash, ...optional('comment', comment), at };
}

export function statusToApi(status: StatusRow) {
  return {
    ...{ source: status.source, event_id: status.event_id, erp_id: status.erp_id },
    ...optional('payout', status.payout_id === null ? null : payoutId(status.payout_id)),
    status: status.status,
    ...optional('reason', status.reason),
    ...optional('occurred_at', status.occurred_at),
    ...{ received_at: status.received_at, outcome: status.outcome },
    ...optional('note', status.note),
  };
}
