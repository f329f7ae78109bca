import type { PayoutState } from '#payouts/payout';
import type { OurPayout } from './our-payout.ts';
import type { TheirPayout } from './their-payout.ts';

/** Of three books: our payouts, the ledger, and the list of whoever pays. */
export type DifferenceKind =
  | 'missing_there'
  | 'unknown_here'
  | 'amount_differs'
  | 'state_differs'
  | 'money_elsewhere'
  | 'paid_twice'
  | 'silent';

export interface Difference {
  readonly kind: DifferenceKind;
  readonly erpId: string;
  /** po_…; empty where we have no such payout. */
  readonly payout: string;
  /** What differs, in a sentence. */
  readonly message: string;
  /** Words that were lost on the way: told now, the books agree. */
  readonly lost?: readonly string[];
}

/** What the ledger has of a payout: how much each of its transfers moved; absent where there is none. */
export interface LedgerPayout {
  readonly reserve?: bigint;
  readonly send?: bigint;
  readonly pay?: bigint;
  /** Back to the partner, before it was paid. */
  readonly giveBack?: bigint;
  readonly return?: bigint;
  /** Paid after all, of what had been given back. */
  readonly settle?: bigint;
}

/** Where the money of a payout is: exactly one of them. */
export type Place = 'partner' | 'reserved' | 'sent' | 'paid';

const PLACE_OF_STATE: Readonly<Record<PayoutState, Place>> = {
  new: 'partner',
  checking: 'partner',
  on_hold: 'partner',
  needs_approval: 'partner',
  approved: 'partner',
  reserved: 'reserved',
  in_flight: 'sent',
  acknowledged: 'sent',
  paid: 'paid',
  cancelled: 'partner',
  rejected: 'partner',
  returned: 'partner',
};

export interface JudgeOptions {
  readonly now: Date;
  /** A payout under way that nobody has spoken of for longer is silent. */
  readonly silentAfterMs: number;
}

/** All differences between what we, the ledger and they say of one payout of ours; `theirs` is absent where they have none. */
export function judgePayout(
  ours: OurPayout,
  ledger: LedgerPayout,
  theirs: TheirPayout | undefined,
  options: JudgeOptions,
): readonly Difference[] {
  const say = (kind: DifferenceKind, message: string, lost: readonly string[] = []) => ({
    ...{ kind, erpId: ours.erpId, payout: ours.payout, message },
    ...(lost.length > 0 ? { lost } : {}),
  });
  const found = judgeMoney(ours, ledger, say);
  if (!theirs) {
    const expected = ours.sentAt !== undefined && !ours.waitsForFile;
    return expected ? [...found, say('missing_there', 'they have never heard of it')] : found;
  }
  if (ours.sentAt === undefined)
    return [...found, say('state_differs', `they have it as ${theirs.word}, we never sent it`)];
  const amounts = judgeAmounts(ours, theirs, say);
  const states = judgeStates(ours, theirs, { options, say, mayApply: amounts.length === 0 });
  return [...found, ...amounts, ...states];
}

type Say = (kind: DifferenceKind, message: string, lost?: readonly string[]) => Difference;

function judgeMoney(ours: OurPayout, ledger: LedgerPayout, say: Say): readonly Difference[] {
  // Its money is on the way at this moment: between two places both are right.
  if (ours.isMoving) return [];
  if (ledger.pay !== undefined && ledger.settle !== undefined)
    return [say('paid_twice', 'the ledger has it as paid by two transfers')];
  const place = placeOf(ledger);
  const expected = PLACE_OF_STATE[ours.state];
  if (place !== expected)
    return [say('money_elsewhere', `it is ${ours.state}, and the money is ${words[place]}`)];
  const other = Object.values(ledger).find((amount) => amount !== ours.amountMinor);
  if (other === undefined || ours.amountMinor === undefined) return [];
  return [say('money_elsewhere', `it is of ${ours.amountMinor}, and the ledger moved ${other}`)];
}

const words: Readonly<Record<Place | 'nowhere', string>> = {
  partner: 'with the partner',
  reserved: 'set aside',
  sent: 'on its way',
  paid: 'paid',
  nowhere: 'in no place that its transfers can lead to',
};

/** Where these transfers have left the money; `nowhere` when no life of a payout has them. */
export function placeOf(ledger: LedgerPayout): Place | 'nowhere' {
  const has = (name: keyof LedgerPayout) => (ledger[name] === undefined ? '-' : name[0]);
  const path = (['reserve', 'send', 'pay', 'giveBack', 'return', 'settle'] as const)
    .map(has)
    .join('');
  return PATHS.get(path) ?? 'nowhere';
}

/** reserve, send, pay, give back, return, settle. */
const PATHS: ReadonlyMap<string, Place> = new Map([
  ['------', 'partner'],
  ['r-----', 'reserved'],
  ['r--g--', 'partner'],
  ['rs----', 'sent'],
  ['rs-g--', 'partner'],
  ['rsp---', 'paid'],
  ['rsp-r-', 'partner'],
  ['rs-g-s', 'paid'],
  ['rs-grs', 'partner'],
]);

function judgeAmounts(ours: OurPayout, theirs: TheirPayout, say: Say): readonly Difference[] {
  const found: Difference[] = [];
  const amount = ours.amountMinor ?? 0n;
  if (theirs.currency !== ours.currency || theirs.amountMinor !== amount) {
    const [we, they] = [`${amount} ${ours.currency}`, `${theirs.amountMinor} ${theirs.currency}`];
    found.push(say('amount_differs', `we sent ${we}, they have ${they}`));
  }
  if (theirs.paidTimes > 1 || theirs.paidMinor > theirs.amountMinor)
    found.push(say('paid_twice', `they paid ${theirs.paidMinor} in ${theirs.paidTimes} payments`));
  return found;
}

function judgeStates(
  ours: OurPayout,
  theirs: TheirPayout,
  context: {
    readonly options: JudgeOptions;
    readonly say: Say;
    readonly mayApply: boolean;
  },
): readonly Difference[] {
  const { mayApply, options, say } = context;
  const isUnderWay = ours.state === 'in_flight' || ours.state === 'acknowledged';
  if (isUnderWay && theirs.state === 'open') {
    const since = ours.heardAt ?? ours.sentAt ?? options.now;
    if (options.now.getTime() - since.getTime() <= options.silentAfterMs) return [];
    return [say('silent', `nothing was said of it since ${since.toISOString()}`)];
  }
  if (!isUnderWay && theirs.state === ours.state) return [];
  const lost = mayApply && !ours.conflict ? lostWords(ours.state, theirs) : [];
  return [say('state_differs', `it is ${ours.state}, they have it as ${theirs.word}`, lost)];
}

/** What has to be told so that we come to where they are; nothing where the two contradict and people decide. */
function lostWords(state: PayoutState, theirs: TheirPayout): readonly string[] {
  const isUnderWay = state === 'in_flight' || state === 'acknowledged';
  switch (theirs.state) {
    case 'paid':
      return isUnderWay ? ['PAID'] : [];
    case 'rejected':
      return isUnderWay ? ['REJECTED'] : [];
    case 'returned':
      return isUnderWay ? ['PAID', 'RETURNED'] : state === 'paid' ? ['RETURNED'] : [];
    case 'open':
    case 'unknown':
      return [];
  }
}

/** They have something that is no payout of ours. */
export function stranger({ amountMinor, currency, erpId, word }: TheirPayout): Difference {
  const message = `they have ${amountMinor} ${currency} as ${word}`;
  return { kind: 'unknown_here', erpId, payout: '', message };
}

/** The three books of a whole. */
export function reconcile(
  books: {
    readonly ours: readonly OurPayout[];
    /** By the payout's public id. */
    readonly ledger: ReadonlyMap<string, LedgerPayout>;
    readonly theirs: ReadonlyMap<string, TheirPayout>;
  },
  options: JudgeOptions,
): readonly Difference[] {
  const { ledger, ours, theirs } = books;
  const known = new Set(ours.map(({ erpId }) => erpId));
  return [
    ...ours.flatMap((payout) =>
      judgePayout(payout, ledger.get(payout.payout) ?? {}, theirs.get(payout.erpId), options),
    ),
    ...[...theirs.values()].filter(({ erpId }) => !known.has(erpId)).map(stranger),
  ];
}
