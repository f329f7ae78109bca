import type { Executor, Tx } from '#database';
import { must } from '#errors';
import type { AttentionClosing, AttentionItem, AttentionPage, AttentionSource } from '#payments';
import { fail } from './errors.ts';

/** A source that can only be looked at. */
export type AttentionReader = Omit<AttentionSource, 'close'>;

/** What waits for people, over all that tell of it. */
export interface Attention {
  readonly kinds: readonly string[];
  list(executor: Executor, page: AttentionPage): Promise<readonly AttentionItem[]>;
  counts(executor: Executor): Promise<readonly { readonly kind: string; readonly count: number }[]>;
  /** Throws `attention_unknown`, and what its source throws. */
  close(tx: Tx, closing: AttentionClosing): Promise<void>;
}

/** The oldest first. Each source is asked for a page: no more of it can stand in the merged one. */
export async function listAttention(
  sources: readonly AttentionReader[],
  executor: Executor,
  page: AttentionPage,
): Promise<readonly AttentionItem[]> {
  const { kind } = page;
  const asked = sources.filter(({ kinds }) => kind === null || kinds.includes(kind));
  const pages = await Promise.all(asked.map((source) => source.list(executor, page)));
  return pages.flat().toSorted(byPlace).slice(0, page.limit);
}

/** As the sources order theirs: by the moment, then by the bytes of the place. */
function byPlace(one: AttentionItem, other: AttentionItem): number {
  const apart = one.since.getTime() - other.since.getTime();
  return apart || Buffer.compare(Buffer.from(one.place), Buffer.from(other.place));
}

export function createAttention(sources: readonly AttentionSource[]): Attention {
  const kinds = sources.flatMap((source) => source.kinds);
  must(new Set(kinds).size === kinds.length, 'no two sources have a kind of one name');
  return {
    kinds,
    list: (executor, page) => listAttention(sources, executor, page),
    counts: async (executor) =>
      (await Promise.all(sources.map((source) => source.counts(executor)))).flat(),
    async close(tx, closing) {
      const [name] = closing.place.split(' ', 1);
      const source = sources.find((one) => one.name === name);
      if (!source) throw fail('attention_unknown', 'Nothing of this name waits for anybody.');
      await source.close(tx, closing);
    },
  };
}
