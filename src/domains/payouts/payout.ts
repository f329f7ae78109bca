import { hash } from 'node:crypto';
import type { Movement } from './accounts/index.ts';
import { fail } from './payout-errors.ts';

/** The life of a payout, drawn in `docs/reference/state-machines.md` from the table below. */
export type PayoutState =
  | 'new'
  | 'checking'
  | 'on_hold'
  | 'needs_approval'
  | 'approved'
  | 'reserved'
  | 'in_flight'
  | 'acknowledged'
  | 'paid'
  | 'cancelled'
  | 'rejected'
  | 'returned';

/** Steps of the same name as a `Movement` move the money; all others only change the state. */
export type PayoutStep =
  | Movement
  | 'check'
  | 'hold'
  | 'release'
  | 'require_approval'
  | 'approve'
  | 'refuse'
  | 'expire'
  | 'find_empty'
  | 'acknowledge'
  | 'resolve';

/** From where a step leads where; a pair that is absent never happens. */
export const payoutSteps: Readonly<
  Record<PayoutState, Readonly<Partial<Record<PayoutStep, PayoutState>>>>
> = {
  new: { check: 'checking', cancel: 'cancelled' },
  checking: {
    hold: 'on_hold',
    require_approval: 'needs_approval',
    approve: 'approved',
    cancel: 'cancelled',
  },
  on_hold: { release: 'checking', cancel: 'cancelled' },
  needs_approval: {
    approve: 'approved',
    hold: 'on_hold',
    refuse: 'cancelled',
    expire: 'cancelled',
    cancel: 'cancelled',
  },
  approved: { reserve: 'reserved', find_empty: 'cancelled', hold: 'on_hold', cancel: 'cancelled' },
  // A hold that comes now leaves the money where it is, and the payout with it: `send` is not begun while it lasts.
  reserved: { send: 'in_flight', cancel: 'cancelled' },
  in_flight: {
    acknowledge: 'acknowledged',
    pay: 'paid',
    reject: 'rejected',
    resolve: 'in_flight',
  },
  acknowledged: { pay: 'paid', reject: 'rejected', resolve: 'acknowledged' },
  paid: { return: 'returned', resolve: 'paid' },
  cancelled: { resolve: 'cancelled' },
  // People have found that it was paid all the same.
  rejected: { settle: 'paid', resolve: 'rejected' },
  returned: { resolve: 'returned' },
};

const STATES = Object.keys(payoutSteps) as PayoutState[];

/** Where `step` leads from `state`; undefined for a pair that never happens. */
export function nextPayoutState(state: PayoutState, step: PayoutStep): PayoutState | undefined {
  return payoutSteps[state][step];
}

/** States from which `step` may be taken. */
export function payoutStatesBefore(step: PayoutStep): readonly PayoutState[] {
  return STATES.filter((state) => payoutSteps[state][step] !== undefined);
}

/** Its money has left, or may have: from here on only the ERP's word ends it. */
export function wasSent(state: PayoutState): boolean {
  return !payoutSteps[state].cancel && state !== 'cancelled';
}

export function isPayoutState(text: string): text is PayoutState {
  return text in payoutSteps;
}

const PREFIX = 'po_';
const ID = /^po_[0-9a-v]{1,13}$/;
const DIGIT_BITS = 5n;
const ID_MAX = 0x7fff_ffff_ffff_ffffn;

/** `po_1k9x0c7`: the public id of a payout. */
export function payoutId(id: bigint): string {
  return `${PREFIX}${id.toString(32)}`;
}

/** Reads a public id back; anything else is a clear `invalid` that names `field`. */
export function parsePayoutId(text: string, field = 'id'): bigint {
  if (ID.test(text)) {
    const id = [...text.slice(PREFIX.length)].reduce(
      (sum, digit) => (sum << DIGIT_BITS) | BigInt(Number.parseInt(digit, 32)),
      0n,
    );
    if (id <= ID_MAX) return id;
  }
  throw fail('payout_id_malformed', `${field} must be the id of a payout, such as po_1k9x0c7.`, {
    faults: [{ field, message: `an id that begins with ${PREFIX}` }],
  });
}

/** Of what people approve: an approval of anything else counts for nothing. */
export function approvalHash(of: {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly account: string;
  readonly clientId: string;
}): string {
  const text = JSON.stringify([String(of.amountMinor), of.currency, of.account, of.clientId]);
  return hash('sha256', text, 'hex');
}
