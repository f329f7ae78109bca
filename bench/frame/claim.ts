import type { Database } from '#database';

/** What a file of `bench/` exports: one claim about speed, measured beside what it is compared with. */
export interface Claim {
  /** The file's name: `npm run bench -- <name>`. */
  readonly name: string;
  /** The claim in one sentence. */
  readonly claim: string;
  run(context: BenchContext): Promise<void>;
}

export interface BenchContext {
  /** A new, empty, migrated database on the durable server of this run; closed when the claim ends. */
  openDatabase(): Promise<Database>;
  /** Measures two ways in turn, so that what else the machine does hits both, and reports their ratio. */
  compare(comparison: Comparison): Promise<void>;
  /** One line for whoever watches. */
  progress(text: string): void;
  /** A fact that belongs to the result but is not compared, such as a count of calls. */
  note(text: string): void;
}

export interface Comparison {
  /** Such as `with 200,000 waiting`. */
  readonly situation: string;
  /** What is counted, such as `messages/s`. */
  readonly unit: string;
  /** What it is compared with, such as `pg-boss`. */
  readonly against: string;
  /** The ratio of ours to the floor that is claimed: at least this. */
  readonly target: number;
  readonly ours: Measurement;
  readonly floor: Measurement;
}

/** Does the work once, and answers how much of it was done per second. It prepares outside of what it times. */
export type Measurement = () => Promise<number>;

export interface Result extends Omit<Comparison, 'ours' | 'floor'> {
  readonly claim: string;
  readonly ours: readonly number[];
  readonly floor: readonly number[];
  /** Of each pair of samples. */
  readonly ratios: readonly number[];
  readonly ratio: number;
  readonly reached: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
