import type { Act, Step } from './book.ts';
import type { Feed } from './order.ts';
import type { Choice, Outcome } from './scenarios.ts';

/** The words are those of Oracle's payments (IBY) and of its import of payables. */
interface Line {
  readonly act?: Act;
  readonly feed: Feed;
  readonly status: string;
  readonly reason?: string;
}

const ACCEPTED: readonly Line[] = [
  { act: 'accept', feed: 'oebs', status: 'INSTRUCTION_CREATED' },
  { feed: 'ard', status: 'CONFIRMED' },
];
const PAID: readonly Line[] = [
  ...ACCEPTED,
  { feed: 'oebs', status: 'TRANSMITTED' },
  { act: 'pay', feed: 'oebs', status: 'PAID' },
];

const SCRIPTS: Readonly<Record<Outcome, readonly Line[]>> = {
  pays: PAID,
  'rejects-import': [
    { act: 'reject', feed: 'oebs', status: 'REJECTED', reason: 'import: no such supplier site' },
  ],
  'rejects-later': [
    ...ACCEPTED,
    { act: 'reject', feed: 'oebs', status: 'FAILED_VALIDATION', reason: 'AC01 wrong account' },
  ],
  returns: [
    ...PAID,
    { act: 'return', feed: 'oebs', status: 'VOID', reason: 'AC04 account closed' },
  ],
  silent: [],
};

const CONTRADICTION: Readonly<Record<Outcome, Line | undefined>> = {
  pays: { feed: 'oebs', status: 'REJECTED', reason: 'said in error' },
  returns: { feed: 'oebs', status: 'REJECTED', reason: 'said in error' },
  'rejects-import': { feed: 'oebs', status: 'PAID' },
  'rejects-later': { feed: 'oebs', status: 'PAID' },
  silent: undefined,
};

export interface PlanInput {
  readonly choice: Choice;
  /** Before the ids of its events: the same payout has them anew after a reset. */
  readonly eventPrefix: string;
  readonly nowMs: number;
  readonly stepMs: { readonly min: number; readonly max: number };
  readonly delayMs: number;
  /** A number in [0, 1) for a purpose. */
  readonly draw: (purpose: string, n: number) => number;
}

/** All that will be done with a payout and told about it, decided when it is asked for. */
export function plan(input: PlanInput): Step[] {
  const { choice, delayMs, draw, eventPrefix, nowMs, stepMs } = input;
  const contradiction = choice.manners.has('contradicts')
    ? CONTRADICTION[choice.outcome]
    : undefined;
  const script = SCRIPTS[choice.outcome];
  const lines = contradiction ? [...script, contradiction] : script;
  let dueMs = nowMs + (choice.manners.has('delays') ? delayMs : 0);
  const steps = lines.map(({ act, feed, reason, status }, n): Step => {
    dueMs += Math.round(stepMs.min + draw('step', n) * (stepMs.max - stepMs.min));
    const lost = choice.manners.has('loses') && n === script.length - 1;
    return {
      ...{ n, dueMs, ...(act ? { act } : {}), ...(reason ? { reason } : {}) },
      tell: { feed, status, eventId: `${eventPrefix}-${n}`, ...(lost ? { lost } : {}) },
    };
  });
  const ordered = choice.manners.has('reorders') ? reorder(steps, dueMs, draw) : steps;
  return choice.manners.has('duplicates') ? duplicate(ordered, draw) : ordered;
}

/** Acts keep their time; what is to be told of them waits for the last, and comes in another order. */
function reorder(steps: readonly Step[], lastMs: number, draw: PlanInput['draw']): Step[] {
  const acts = steps.flatMap(({ act, dueMs, n, reason }) =>
    act ? [{ n: n + 100, dueMs, act, ...(reason ? { reason } : {}) }] : [],
  );
  const told = shuffled(steps, (n) => draw('order', n)).map(({ act: _, ...step }, place) => ({
    ...step,
    dueMs: lastMs + place,
  }));
  return [...acts, ...told];
}

function duplicate(steps: readonly Step[], draw: PlanInput['draw']): Step[] {
  const again = steps.flatMap(({ act: _, tell, ...step }) => {
    if (!tell || tell.lost) return [];
    const times = draw('duplicates', step.n) < 0.5 ? 1 : 2;
    return Array.from({ length: times }, (_unused, time) => ({
      ...{ ...step, tell: { ...tell, again: true } },
      n: step.n + 200 + 100 * time,
      dueMs: step.dueMs + 1 + time * 40,
    }));
  });
  return [...steps, ...again];
}

/** The same things in an order of chance. */
function shuffled<Item>(items: readonly Item[], draw: (n: number) => number): Item[] {
  const keyed = items.map((item, n) => [draw(n), item] as const);
  return keyed.toSorted(([left], [right]) => left - right).map(([, item]) => item);
}
