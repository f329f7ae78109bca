import type { Message } from './message.ts';

/** A text as its reader sees it: one message, or the parts of one that its sender cut. */
export interface Whole {
  readonly text: string;
  /** By their number, not by when they came. */
  readonly messages: readonly Message[];
  readonly isComplete: boolean;
}

/** Joins what was cut, as a handset does: a whole stands where its last part came; what lacks a part stands at the end. */
export function joinParts(received: readonly Message[]): readonly Whole[] {
  const open = new Map<string, Map<number, Message>[]>();
  const wholes: Whole[] = [];
  for (const message of received) {
    const { from, part, provider, text, to } = message;
    if (!part) {
      wholes.push({ text, messages: [message], isComplete: true });
      continue;
    }
    const key = [provider, to, from, part.reference, part.total].join('\n');
    const groups = open.get(key) ?? [];
    open.set(key, groups);
    // The same part once more belongs to the same text once more.
    const group = groups.find((one) => !one.has(part.number)) ?? new Map<number, Message>();
    if (group.size === 0) groups.push(group);
    group.set(part.number, message);
    if (group.size < part.total) continue;
    groups.splice(groups.indexOf(group), 1);
    wholes.push(toWhole(group, true));
  }
  const rest = [...open.values()].flat().map((group) => toWhole(group, false));
  return [...wholes, ...rest];
}

function toWhole(group: ReadonlyMap<number, Message>, isComplete: boolean): Whole {
  const sorted = [...group].sort(([left], [right]) => left - right).map(([, message]) => message);
  return { text: sorted.map(({ text }) => text).join(''), messages: sorted, isComplete };
}
