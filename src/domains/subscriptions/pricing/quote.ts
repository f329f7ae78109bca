import { createHash } from 'node:crypto';
import { unreachable } from '#errors';
import type { Precision } from './billed-period.ts';
import { type CancelRequest, draftCancellation } from './cancel-subscription.ts';
import { type ChangeRequest, draftChange } from './change-plan.ts';
import type { Draft, DraftResult, QuoteRefusal } from './draft.ts';
import type { PricedSubscription, RefundablePayment } from './priced-subscription.ts';
import type { QuoteLine } from './quote-line.ts';
import {
  draftRenewal,
  draftStart,
  type RenewalRequest,
  type StartRequest,
} from './start-and-renew.ts';

export type QuoteRequest = StartRequest | ChangeRequest | CancelRequest | RenewalRequest;

export interface QuoteInput {
  readonly request: QuoteRequest;
  /** The moment that prices are computed for. A commit says the quote's. */
  readonly at: Date;
  readonly precision: Precision;
}

export interface NextCharge {
  readonly at: Date;
  readonly period: number;
  readonly amountMinor: bigint;
  /** Of it, what the card is asked for when the balance has been used. */
  readonly dueMinor: bigint;
}

/** What something costs, what is asked for now, and what the subscription is afterwards. */
export interface Quote {
  readonly lines: readonly QuoteLine[];
  readonly currency: string;
  /** The sum of the lines, of either sign. */
  readonly totalMinor: bigint;
  readonly taxMinor: bigint;
  /** Asked for now: never below 0. Above 0, nothing holds until it is paid. */
  readonly dueMinor: bigint;
  readonly balanceUsedMinor: bigint;
  /** Added to the balance. */
  readonly creditMinor: bigint;
  /** Given back to cards, newest payment first. */
  readonly refunds: readonly { readonly payment: string; readonly amountMinor: bigint }[];
  readonly takesEffectAt: Date;
  /** Absent when it has ended. */
  readonly after?: PricedSubscription | undefined;
  readonly next?: NextCharge | undefined;
  readonly at: Date;
  /** From then on it is no promise any more. */
  readonly expiresAt: Date;
  /** SHA-256 over everything that it was computed from. */
  readonly hash: string;
}

export type QuoteResult =
  | { readonly outcome: 'quoted'; readonly quote: Quote }
  | { readonly outcome: 'refused'; readonly reason: QuoteRefusal };

const LIFE_MS = 15 * 60_000;

/** The price of a request. Preview and commit are this same function: what was shown is what is charged. */
export function quote(input: QuoteInput): QuoteResult {
  const draft = draftOf(input);
  if (draft.outcome === 'refused') return draft;
  const { request } = input;
  const before = request.kind === 'start' ? undefined : request.subscription;
  const balanceMinor =
    request.kind === 'start' ? request.balanceMinor : request.subscription.balanceMinor;
  const sums = settle(draft, { balanceMinor, payments: before?.payments ?? [] });
  const balanceAfter = balanceMinor - sums.balanceUsedMinor + sums.creditMinor;
  const after = draft.after && { ...draft.after, balanceMinor: balanceAfter };
  const selection = request.kind === 'start' ? request.selection : request.subscription.selection;
  return {
    outcome: 'quoted',
    quote: {
      ...{ lines: draft.lines, currency: selection.price.currency, ...sums, after },
      ...{ takesEffectAt: draft.takesEffectAt, at: input.at, expiresAt: expiryOf(input) },
      // Computed when they are asked for: most quotes are made to know a sum, and shown to nobody.
      get next() {
        return after && nextCharge(after);
      },
      get hash() {
        return hashOf(input);
      },
    },
  };
}

export type CommitResult =
  | { readonly outcome: 'agreed'; readonly quote: Quote }
  /** What it was computed from has changed, or its time is over: this is how it stands now. */
  | { readonly outcome: 'stale' | 'expired'; readonly fresh: QuoteResult };

/**
 * Whether a quote that was shown still holds. `input` is made from what is true now, read under the lock that the change is written
 * with; `shown` is what the customer was shown.
 */
export function confirmQuote(
  input: Omit<QuoteInput, 'at'>,
  shown: Pick<Quote, 'at' | 'hash'>,
  now: Date,
): CommitResult {
  const again = { ...input, at: shown.at };
  const fresh = () => quote({ ...input, at: now });
  if (now >= expiryOf(again)) return { outcome: 'expired', fresh: fresh() };
  if (shown.at > now || hashOf(again) !== shown.hash) return { outcome: 'stale', fresh: fresh() };
  const result = quote(again);
  return result.outcome === 'quoted'
    ? { outcome: 'agreed', quote: result.quote }
    : { outcome: 'stale', fresh: fresh() };
}

function draftOf({ at, precision, request }: QuoteInput): DraftResult {
  switch (request.kind) {
    case 'start':
      return draftStart(request, at);
    case 'renewal':
      return draftRenewal(request);
    case 'change':
      return draftChange(request, { at, precision });
    case 'cancel':
      return draftCancellation(request, { at, precision });
    default:
      return unreachable(request);
  }
}

interface Purse {
  readonly balanceMinor: bigint;
  readonly payments: readonly RefundablePayment[];
}

function settle({ lines, unused }: Draft, { balanceMinor, payments }: Purse) {
  const totalMinor = lines.reduce((sum, line) => sum + line.amountMinor, 0n);
  const taxMinor = lines.reduce((sum, line) => sum + line.taxMinor, 0n);
  if (totalMinor >= 0n) {
    const balanceUsedMinor = lesser(totalMinor, balanceMinor);
    const dueMinor = totalMinor - balanceUsedMinor;
    return { totalMinor, taxMinor, dueMinor, balanceUsedMinor, creditMinor: 0n, refunds: [] };
  }
  const refunds = unused === 'refund' ? refundsOf(-totalMinor, payments) : [];
  const refunded = refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  // What no card can take back stays with the customer all the same.
  const creditMinor = -totalMinor - refunded;
  return { totalMinor, taxMinor, dueMinor: 0n, balanceUsedMinor: 0n, creditMinor, refunds };
}

function refundsOf(totalMinor: bigint, payments: readonly RefundablePayment[]): Quote['refunds'] {
  let left = totalMinor;
  return payments
    .map(({ payment, refundableMinor }) => {
      const amountMinor = lesser(left, refundableMinor);
      left -= amountMinor;
      return { payment, amountMinor };
    })
    .filter(({ amountMinor }) => amountMinor > 0n);
}

function nextCharge(after: PricedSubscription): NextCharge | undefined {
  const draft = draftRenewal({ kind: 'renewal', subscription: after });
  if (draft.outcome === 'refused') return undefined;
  const { dueMinor, totalMinor } = settle(draft, after);
  const period = after.period.number + 1;
  return { at: draft.takesEffectAt, period, amountMinor: totalMinor, dueMinor };
}

/** A quote about a period is no promise beyond it. */
function expiryOf({ at, request }: QuoteInput): Date {
  const endMs = at.getTime() + LIFE_MS;
  if (request.kind === 'start' || request.kind === 'renewal') return new Date(endMs);
  const overMs = request.subscription.period.endsAt.getTime();
  return new Date(at.getTime() < overMs ? Math.min(endMs, overMs) : endMs);
}

function hashOf(input: QuoteInput): string {
  return createHash('sha256').update(canonical(input)).digest('hex');
}

/** The same text for the same value, in whatever order its fields were written; an absent field is as an undefined one. */
function canonical(value: unknown): string {
  if (value instanceof Date) return `@${value.toISOString()}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}

function lesser(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
