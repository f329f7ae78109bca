import { formatRowId } from '#ids';
import { formatMoney } from '#money';
import type { CardCase, PlannedMove } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { beginWork, lockCases, type Work } from '#subscriptions/cards/cases';
import { isCalledOff, periodOfInterval } from '#subscriptions/cards/plans';
import { priceInWords } from '#subscriptions/terms';
import { laterOf } from './move-ahead.ts';
import { claimStopping, findTold, writeCalledOff } from './move-stop-store.ts';
import type { PriceMove } from './move-store.ts';

/** So many subscriptions are locked, told and written at a time: what is due meanwhile waits no longer than for them. */
const SET_MOST = 200;

/**
 * Takes the next set of a move that is being stopped: for whom it is off keeps his old price, and is told so, once. Killed anywhere, it
 * goes on after the last set that was committed. Answers how many were looked at.
 */
export async function stopMoves(context: CardContext, most = SET_MOST): Promise<number> {
  return context.database.transaction(async (tx) => {
    const move = await claimStopping(tx);
    if (!move) return 0;
    const told = await findTold(tx, { move: move.id, after: move.offAfter, most });
    const cases = await lockCases(tx, told);
    const work = await beginWork(context, tx, cases);
    const off = cases.filter((one) => callOff(one, move, work));
    await work.write(tx);
    await writeCalledOff(tx, {
      ...{ move: move.id, keys: off.map(({ key }) => key), now: work.now },
      ...{ after: told.at(-1) ?? move.offAfter, isDone: told.length < most },
    });
    return Math.max(1, told.length);
  });
}

/** False where he keeps what he was told, has it already, or has left. */
function callOff(one: CardCase, move: PriceMove, work: Work): boolean {
  if (one.endedAt !== null || !one.move || !isCalledOff(one, formatRowId('mov', move.id)))
    return false;
  const kept = work.keep({ ...one, move: null });
  work.tell.event(kept, work.planOf(kept), { event: 'price_kept', reason: 'called_off' });
  // Who is to end pays neither price: he has been told that nothing more is charged.
  if (!one.priced.endsWithPeriod) tell(kept, { was: one.move, move, work });
  return true;
}

function tell(
  one: CardCase,
  { move, was, work }: { readonly was: PlannedMove; readonly move: PriceMove; readonly work: Work },
): void {
  const plan = work.planOf(one);
  const { amountMinor, currency } = laterOf(one, was);
  const amount = formatMoney({ amountMinor, currency });
  // In the words of whoever stopped it: plans have none for it.
  const inWords = { ...plan, texts: { ...plan.texts, price_change: move.stopText ?? '' } };
  work.tell.sms(one, inWords, {
    ...{ occasion: 'price_change', fact: `${formatRowId('mov', move.id)}/off` },
    words: { new_price: priceInWords(amount, periodOfInterval(was.price.interval)) },
  });
}
