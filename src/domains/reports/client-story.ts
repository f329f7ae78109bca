import type { Executor } from '#database';
import type { AccountView, EntryView, Reading } from '#ledger';
import { readNewestOfStory } from './store-stories.ts';
import { clientStory, type StoryEvent } from './story.ts';

/** A partner has an account for each currency and label. */
const ACCOUNTS_MOST = 100;
/** What payouts move is told by their own events. */
const OF_PAYOUTS = /^payout\b/;

/**
 * A partner's newest lines, in order: what it has earned, as the ledger has it, and every step of its payouts. Earnings
 * are read where they stand: a line for each charge in the timeline would only repeat the journal.
 */
export async function readClientStory(
  from: { readonly executor: Executor; readonly ledger: Pick<Reading, 'accounts' | 'entries'> },
  query: { readonly clientId: string; readonly limit: number },
): Promise<readonly StoryEvent[]> {
  const { clientId, limit } = query;
  const payouts = await readNewestOfStory(from.executor, { msisdn: clientStory(clientId), limit });
  const accounts = await from.ledger.accounts({ clientId, type: 'payout', limit: ACCOUNTS_MOST });
  const earnings = await Promise.all(
    accounts.map(async (account) =>
      (await from.ledger.entries(account.id, { limit }))
        .filter(({ kind }) => !OF_PAYOUTS.test(kind))
        .map((entry) => toEvent(account, entry))
        .reverse(),
    ),
  );
  return [...payouts, ...earnings.flat()]
    .sort((left, right) => left.at.getTime() - right.at.getTime())
    .slice(-limit);
}

function toEvent(account: AccountView, entry: EntryView): StoryEvent {
  const { amountMinor, bookedAt, kind, reference, transfer } = entry;
  return {
    at: bookedAt,
    kind: amountMinor > 0n ? 'account.earned' : 'account.taken_back',
    subject: reference,
    detail: { amount_minor: Number(amountMinor), currency: account.currency, kind },
    // One transfer may touch an account in several lines.
    position: { at: bookedAt.toISOString(), messageId: transfer, place: Number(entry.number) },
  };
}
