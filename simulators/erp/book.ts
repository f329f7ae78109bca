import type { Feed, Order } from './order.ts';

/** What the ERP does with a payout; `tell` alone changes nothing in its book. */
export type Act = 'accept' | 'reject' | 'pay' | 'return';

/** Where a payout stands in the ERP's own book: the truth, whatever is told about it. */
export type State = 'received' | 'accepted' | 'rejected' | 'paid' | 'returned';

/** One thing that the ERP will do: an act, something told, or both (the act first). */
export interface Step {
  readonly n: number;
  readonly dueMs: number;
  readonly act?: Act;
  readonly reason?: string;
  readonly tell?: {
    readonly feed: Feed;
    readonly eventId: string;
    readonly status: string;
    /** Never sent: only the book says so. */
    readonly lost?: boolean;
    /** Was told before. */
    readonly again?: boolean;
  };
}

export interface Payout {
  readonly sequence: number;
  readonly order: Order;
  readonly askedAt: string;
  /** How often it was asked for; paid it is once. */
  asked: number;
  /** How many of those named another amount, currency or account: they changed nothing. */
  disagreeing: number;
  state: State;
  reason: string;
  paidMinor: number;
  returnedMinor: number;
  changedAt: string;
  /** The last that was told, or would have been. */
  lastStatus: string;
  readonly steps: Step[];
  readonly done: Set<number>;
  readonly told: Set<number>;
}

export type Entry =
  | { readonly kind: 'opened'; readonly epoch: string }
  | {
      readonly kind: 'asked';
      readonly at: string;
      readonly order: Order;
      readonly steps: readonly Step[];
    }
  | { readonly kind: 'asked-again'; readonly erpId: string; readonly same: boolean }
  | { readonly kind: 'planned'; readonly erpId: string; readonly steps: readonly Step[] }
  | { readonly kind: 'done'; readonly at: string; readonly erpId: string; readonly n: number }
  | { readonly kind: 'told'; readonly erpId: string; readonly n: number }
  | { readonly kind: 'misread'; readonly at: string; readonly why: string };

/** Which acts are possible where; everything else leaves the book as it is. */
const ACTS: Readonly<Record<Act, { readonly from: readonly State[]; readonly to: State }>> = {
  accept: { from: ['received'], to: 'accepted' },
  reject: { from: ['received', 'accepted'], to: 'rejected' },
  pay: { from: ['received', 'accepted'], to: 'paid' },
  return: { from: ['paid'], to: 'returned' },
};

/** Everything that the ERP knows: what its entries, applied in their order, make of an empty book. */
export class Book {
  readonly payouts = new Map<string, Payout>();
  readonly ofClient = new Map<string, number>();
  /** Makes event ids new after a reset: the other side may remember the old ones for ever. */
  epoch = '';
  misread = 0;
  /** Grows with every entry, so that a page knows when to draw itself again. */
  revision = 0;

  apply(entry: Entry): void {
    this.revision += 1;
    switch (entry.kind) {
      case 'opened':
        this.epoch = entry.epoch;
        return;
      case 'asked':
        this.#ask(entry);
        return;
      case 'asked-again': {
        const payout = this.#find(entry.erpId);
        payout.asked += 1;
        if (!entry.same) payout.disagreeing += 1;
        return;
      }
      case 'planned':
        this.#find(entry.erpId).steps.push(...entry.steps);
        return;
      case 'done':
        this.#do(this.#find(entry.erpId), entry.n, entry.at);
        return;
      case 'told':
        this.#find(entry.erpId).told.add(entry.n);
        return;
      case 'misread':
        this.misread += 1;
        return;
    }
  }

  clear(): void {
    this.payouts.clear();
    this.ofClient.clear();
    this.misread = 0;
    this.revision += 1;
  }

  #find(erpId: string): Payout {
    const payout = this.payouts.get(erpId);
    if (!payout) throw new Error(`must hold: ${erpId} stands in the book`);
    return payout;
  }

  #ask({ at, order, steps }: Extract<Entry, { kind: 'asked' }>): void {
    this.ofClient.set(order.clientId, (this.ofClient.get(order.clientId) ?? 0) + 1);
    this.payouts.set(order.erpId, {
      ...{ sequence: this.payouts.size + 1, order, askedAt: at, changedAt: at },
      ...{ asked: 1, disagreeing: 0, state: 'received', reason: '', lastStatus: '' },
      ...{ paidMinor: 0, returnedMinor: 0 },
      ...{ steps: [...steps], done: new Set(), told: new Set() },
    });
  }

  #do(payout: Payout, n: number, at: string): void {
    const step = payout.steps.find((one) => one.n === n);
    if (!step || payout.done.has(n)) return;
    payout.done.add(n);
    if (step.tell && !step.tell.again) payout.lastStatus = step.tell.status;
    if (!step.act || !ACTS[step.act].from.includes(payout.state)) return;
    payout.state = ACTS[step.act].to;
    payout.reason = step.reason ?? '';
    payout.changedAt = at;
    if (step.act === 'pay') payout.paidMinor += payout.order.amountMinor;
    if (step.act === 'return') payout.returnedMinor += payout.order.amountMinor;
  }
}

/** Whether an act would change a payout as it stands. */
export function isPossible(act: Act, { state }: Payout): boolean {
  return ACTS[act].from.includes(state);
}
