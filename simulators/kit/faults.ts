import { chance } from './chance.ts';
import {
  type Fields,
  Problem,
  readChoice,
  readNumber,
  readShare,
  readText,
  refuseUnknown,
} from './fields.ts';

export interface FaultBehaviour {
  readonly meaning: string;
  /** When the work is done: it may be done without an answer. `business`: what the simulator decides differs, not the line. */
  readonly effect: 'now' | 'late' | 'never' | 'business';
  readonly answer: 'now' | 'late' | 'never' | 'error' | 'unavailable' | 'hang-up' | 'after-notices';
}

const table = {
  'drop-before': { meaning: 'hangs up, nothing done', effect: 'never', answer: 'hang-up' },
  'drop-after': { meaning: 'does it, then hangs up', effect: 'now', answer: 'hang-up' },
  'hang-before': { meaning: 'never answers, nothing done', effect: 'never', answer: 'never' },
  'hang-after': { meaning: 'does it and never answers', effect: 'now', answer: 'never' },
  'error-before': { meaning: '500, nothing done', effect: 'never', answer: 'error' },
  'error-after': { meaning: 'does it, then 500', effect: 'now', answer: 'error' },
  unavailable: { meaning: '503, nothing done', effect: 'never', answer: 'unavailable' },
  delay: { meaning: 'does it, answers late', effect: 'now', answer: 'late' },
  late: {
    meaning: 'does it late, also when nobody waits any more',
    effect: 'late',
    answer: 'late',
  },
  'notice-first': {
    meaning: 'the notification is taken before the answer is given',
    effect: 'now',
    answer: 'after-notices',
  },
  decline: { meaning: 'declines, by `code`', effect: 'business', answer: 'now' },
  pending: { meaning: 'is decided only after a while', effect: 'business', answer: 'now' },
} as const satisfies Record<string, FaultBehaviour>;

export type FaultName = keyof typeof table;
export const faultBehaviours: Readonly<Record<FaultName, FaultBehaviour>> = table;
export const faultNames = Object.keys(table) as readonly FaultName[];

/** What is to go wrong; every member that is there narrows it. */
export interface Fault {
  readonly name: FaultName;
  /** Such as `refund`. Without it the operations that move money. */
  readonly operation?: string;
  readonly amountMinor?: number;
  /** What is paid with: the kind of card or a saved method's id. */
  readonly method?: string;
  readonly times?: number;
  readonly probability?: number;
  readonly delayMs?: number;
  /** Of a decline, in the gateway's own words. */
  readonly code?: string;
}

/** A call that may meet a fault. */
export interface FaultSubject {
  readonly operation: string;
  readonly movesMoney: boolean;
  readonly amountMinor?: number | undefined;
  /** All that it may be known by. */
  readonly methods?: readonly string[];
}

interface Placed {
  readonly number: number;
  readonly fault: Fault;
  left: number;
  readonly draws: Map<string, number>;
}

const faultLimit = 1_000;
export const maxDelayMs = 7 * 24 * 3_600_000;

/** What was asked for, in memory only: it ends with the process. */
export class FaultBoard {
  readonly #seed: number;
  #placed: Placed[] = [];
  #numbers = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(fields: Fields): Fault {
    if (this.#placed.length >= faultLimit) {
      throw new Problem(400, `At most ${faultLimit} faults at a time`, 'name');
    }
    const fault = readFault(fields);
    this.#numbers += 1;
    const left = fault.times ?? Number.POSITIVE_INFINITY;
    this.#placed.push({ number: this.#numbers, fault, left, draws: new Map() });
    return fault;
  }

  list() {
    return this.#placed.map(({ fault, left }) => ({
      ...fault,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  clear(): void {
    this.#placed = [];
    this.#numbers = 0;
  }

  /** What befalls the line of this call: the first that was added and fires. */
  ofLine(subject: FaultSubject): Fault | undefined {
    return this.#take(subject, ({ name }) => table[name].effect !== 'business');
  }

  /** What the simulator is to decide about it. */
  ofBusiness(subject: FaultSubject): Fault | undefined {
    return this.#take(subject, ({ name }) => table[name].effect === 'business');
  }

  #take(subject: FaultSubject, isOfKind: (fault: Fault) => boolean): Fault | undefined {
    const index = this.#placed.findIndex(
      (placed) => isOfKind(placed.fault) && this.#fires(placed, subject),
    );
    const placed = this.#placed[index];
    if (!placed) return undefined;
    placed.left -= 1;
    if (placed.left <= 0) this.#placed.splice(index, 1);
    return placed.fault;
  }

  #fires({ draws, fault, number }: Placed, subject: FaultSubject): boolean {
    const { amountMinor, method, operation, probability } = fault;
    const isMeant =
      (operation === undefined ? subject.movesMoney : operation === subject.operation) &&
      (amountMinor === undefined || amountMinor === subject.amountMinor) &&
      (method === undefined || subject.methods?.includes(method) === true);
    if (!isMeant || probability === undefined) return isMeant;
    const key = `${subject.operation} ${subject.amountMinor ?? ''} ${subject.methods?.[0] ?? ''}`;
    const draw = (draws.get(key) ?? 0) + 1;
    draws.set(key, draw);
    return chance(this.#seed, 'fault', number, key, draw) < probability;
  }
}

const known = ['name', 'operation', 'amount_minor', 'method', 'times', 'probability'];

function readFault(fields: Fields): Fault {
  refuseUnknown(fields, [...known, 'delay_ms', 'code']);
  const numberOf = (field: string, min: number, max: number) => {
    const value = fields[field];
    return value === undefined || value === '' ? undefined : readNumber(value, { field, min, max });
  };
  const textOf = (field: string) => {
    const value = fields[field];
    return value === undefined || value === ''
      ? undefined
      : readText(value, { field, maxLength: 200 });
  };
  const { probability } = fields;
  const given = {
    operation: textOf('operation'),
    amountMinor: numberOf('amount_minor', 0, 1e15),
    method: textOf('method'),
    times: numberOf('times', 1, 1e9),
    probability:
      probability === undefined || probability === ''
        ? undefined
        : readShare(probability, 'probability'),
    delayMs: numberOf('delay_ms', 0, maxDelayMs),
    code: textOf('code'),
  };
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { name: readChoice(fields.name, faultNames, 'name'), ...Object.fromEntries(said) };
}
