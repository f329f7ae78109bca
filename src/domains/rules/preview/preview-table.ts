import type { PastRequest } from '#rules/asked-store';
import type { Decision } from '#rules/decision';
import { decisiveLine } from '#rules/record-asked';

type Outcome = Decision['outcome'];

/** Messages of which the same was decided, and of which the same would be decided now. */
export interface PreviewLine {
  readonly decided: Outcome;
  readonly decidedReason: string | null;
  readonly would: Outcome;
  readonly wouldReason: string | null;
  readonly count: number;
  /** Some of them, with the sentence that decides. */
  readonly examples: readonly PreviewExample[];
}

export interface PreviewExample {
  readonly message: string;
  readonly at: Date;
  readonly why: string;
}

export interface Comparison {
  /** Messages that were compared. */
  readonly messages: number;
  /** Messages of which something else would be decided. */
  readonly changed: number;
  /** Messages that can't be judged without their text, which is not kept. */
  readonly leftOut: number;
  /** The most frequent first. */
  readonly lines: readonly PreviewLine[];
}

const EXAMPLES_MAX = 3;

export function createComparison() {
  const lines = new Map<string, PreviewLine & { count: number; examples: PreviewExample[] }>();
  let leftOut = 0;
  return {
    leaveOut() {
      leftOut += 1;
    },
    add(of: {
      readonly row: PastRequest;
      readonly decision: Decision;
      readonly reason: string | null;
    }) {
      const { decision, reason, row } = of;
      const key = JSON.stringify([row.outcome, row.reason, decision.outcome, reason]);
      const line = lines.get(key) ?? {
        ...{ decided: row.outcome, decidedReason: row.reason },
        ...{ would: decision.outcome, wouldReason: reason, count: 0, examples: [] },
      };
      line.count += 1;
      if (line.examples.length < EXAMPLES_MAX)
        line.examples.push({
          message: row.message,
          at: row.at,
          why: decisiveLine(decision)?.text ?? '',
        });
      lines.set(key, line);
    },
    get messages() {
      return sum([...lines.values()]);
    },
    get changed() {
      return sum([...lines.values()].filter(({ decided, would }) => decided !== would));
    },
    get leftOut() {
      return leftOut;
    },
    get lines() {
      return [...lines.values()].sort((one, other) => other.count - one.count);
    },
  };
}

function sum(lines: readonly PreviewLine[]): number {
  return lines.reduce((all, { count }) => all + count, 0);
}
