import type { CardContext } from '#subscriptions/cards/card-context';
import { claimWaiting, endWaiting, tryWaiting } from '#subscriptions/cards/cases';
import { carryOut } from './switch-way.ts';

const SET_MOST = 50;
/** A charge by phone is under way: its answer comes within seconds, or is asked about for hours. */
const AGAIN_MS = 60_000;

/** Carries out the switches whose card is there by now. Answers how many were looked at. */
export async function runSwitches(context: CardContext): Promise<number> {
  const now = context.clock.now();
  return context.database.transaction(async (tx) => {
    const waiting = await claimWaiting(tx, { now, most: SET_MOST });
    for (const one of waiting) {
      const result = await carryOut(context, tx, one);
      if (result.outcome === 'done') continue;
      const { key } = one;
      if (result.reason === 'payment_under_way')
        await tryWaiting(tx, { key, at: new Date(now.getTime() + AGAIN_MS) });
      else await endWaiting(tx, { keys: [key], reason: result.reason, now });
    }
    return waiting.length;
  });
}
