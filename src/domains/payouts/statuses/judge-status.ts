import { nextPayoutState, type PayoutState, wasSent } from '#payouts/payout';
import { claimOf, type Meaning, meaningOf, type StatusSource } from './status-words.ts';

/** What is to be done about a status, given where its payout stands. */
export type Verdict =
  | { readonly outcome: 'applied'; readonly step?: Exclude<Meaning, 'nothing'> }
  | { readonly outcome: 'ignored' | 'parked' | 'conflict'; readonly note: string };

const applied = { outcome: 'applied' } as const;
const ignored = (note: string): Verdict => ({ outcome: 'ignored', note });
const parked = (note: string): Verdict => ({ outcome: 'parked', note });
const conflict = (note: string): Verdict => ({ outcome: 'conflict', note });

/** The words of all sources in one place: what is early waits, what is late changes nothing, the rest is for people. */
export function judgeStatus(
  state: PayoutState,
  said: { readonly source: StatusSource; readonly status: string },
): Verdict {
  const { source, status } = said;
  const known = source === 'ard' ? claimOf(status) : meaningOf(source, status);
  if (known === undefined) return conflict(`${source} has a word that nobody knows: ${status}`);
  if (known === 'nothing') return ignored('it says nothing of a single payout');
  if (state === 'cancelled') return conflict(`${source} says ${status} of what was never sent`);
  if (!wasSent(state)) return parked('it was not sent yet');
  return source === 'ard' ? judgeClaim(state, status) : judgeMeaning(state, said);
}

function judgeMeaning(
  state: PayoutState,
  { source, status }: { readonly source: StatusSource; readonly status: string },
): Verdict {
  const meaning = source === 'ard' ? undefined : meaningOf(source, status);
  if (meaning === undefined || meaning === 'nothing') return ignored('it changes nothing');
  if (nextPayoutState(state, meaning)) return { outcome: 'applied', step: meaning };
  switch (meaning) {
    case 'acknowledge':
      return ignored('it was acknowledged before');
    case 'pay':
      return state === 'rejected'
        ? conflict(`${source} says ${status} of what was rejected`)
        : ignored('it was paid before');
    case 'reject':
      return state === 'rejected'
        ? ignored('it was rejected before')
        : conflict(`${source} says ${status} of what was paid`);
    case 'return':
      if (state === 'rejected') return ignored('the money is with the partner already');
      if (state === 'returned') return ignored('it was returned before');
      return parked('it was not paid yet');
  }
}

function judgeClaim(state: PayoutState, status: string): Verdict {
  const claim = claimOf(status);
  if (claim === 'open') return applied;
  const wasPaid = state === 'paid' || state === 'returned';
  if (!wasPaid && state !== 'rejected') return parked('it waits for the word of the ERP');
  return wasPaid === (claim === 'settled')
    ? applied
    : conflict(`ard says ${status} of what was ${state}`);
}
