import { sql } from '#database';
import type { SmsStage } from './sms-stage.ts';

export interface Seen {
  /** From the first to the last that the provider took. */
  readonly perSecond: number;
  readonly count: number;
  /** Between two that the provider took. */
  readonly gapMostMs: number;
  /** Queued or in a sender's hand. */
  readonly depthMost: number;
  /** Of the site's health, asked ten times a second: a loop that is busy answers late. */
  readonly slowestMs: number;
}

const LOOK_MS = 250;
const ASK_MS = 100;
const PAGE = 1000;

/** Watches what leaves, what stands before the provider, and whether the site still answers. */
export function openWatch(stage: SmsStage, siteUrl: string) {
  const beganAtMs = Date.now();
  let depthMost = 0;
  let slowestMs = 0;
  const stopping = new AbortController();
  const { signal } = stopping;
  const look = repeat(signal, LOOK_MS, async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from sms.message where at_work and closed_at is null`.execute(
      stage.database.pool,
    );
    depthMost = Math.max(depthMost, rows[0]?.count ?? 0);
  });
  const ask = repeat(signal, ASK_MS, async () => {
    const askedMs = performance.now();
    await (await fetch(`${siteUrl}/healthz`)).text();
    slowestMs = Math.max(slowestMs, performance.now() - askedMs);
  });
  return {
    async close(): Promise<Seen> {
      const untilMs = Date.now();
      stopping.abort();
      await Promise.all([look, ask]);
      const atMs = (await acceptedSince(stage, beganAtMs)).filter((ms) => ms <= untilMs);
      const [first = 0, last = 0] = [atMs[0], atMs.at(-1)];
      const gaps = atMs.slice(1).map((ms, n) => ms - (atMs[n] ?? ms));
      const gapMostMs = gaps.reduce((most, gap) => Math.max(most, gap), 0);
      const perSecond = (atMs.length * 1000) / (last - first);
      return { perSecond, count: atMs.length, gapMostMs, depthMost, slowestMs };
    },
  };
}

async function repeat(signal: AbortSignal, everyMs: number, work: () => Promise<void>) {
  while (!signal.aborted) {
    await work();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

interface LedgerPage {
  readonly received: readonly { readonly accepted_at: string }[];
  readonly next_after: number | null;
}

/** When the provider took what it took since then, sorted. */
async function acceptedSince({ provider }: SmsStage, sinceMs: number): Promise<readonly number[]> {
  const atMs: number[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const answer = await fetch(`${provider.url}/ledger?after=${after}&limit=${PAGE}`);
    const page = (await answer.json()) as LedgerPage;
    for (const { accepted_at: at } of page.received) {
      if (Date.parse(at) >= sinceMs) atMs.push(Date.parse(at));
    }
    after = page.received.length < PAGE ? null : page.next_after;
  }
  return atMs.sort((one, other) => one - other);
}
