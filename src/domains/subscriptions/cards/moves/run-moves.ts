import { formatRowId } from '#ids';
import { formatMoney } from '#money';
import type { CardCase } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { beginWork, lockCases, type Work } from '#subscriptions/cards/cases';
import { type Plan, periodOfInterval, planMove } from '#subscriptions/cards/plans';
import { subscriptionId } from '#subscriptions/subscription';
import { priceInWords } from '#subscriptions/terms';
import { laterOf } from './move-ahead.ts';
import {
  claimMove,
  findNextOlder,
  type MoveMember,
  type PriceMove,
  writeLooked,
} from './move-store.ts';

/** So many subscriptions are locked, told and written at a time: what is due meanwhile waits no longer than for them. */
const SET_MOST = 200;

/**
 * Takes the next set of a running move: each is told, once, and what was decided is written with where the move goes on. Killed
 * anywhere, it goes on after the last set that was committed. Answers how many were looked at.
 */
export async function runMoves(context: CardContext, most = SET_MOST): Promise<number> {
  return context.database.transaction(async (tx) => {
    const move = await claimMove(tx);
    if (!move) return 0;
    const now = context.clock.now();
    const keys = await findNextOlder(tx, { ...move, most });
    const cases = await lockCases(tx, keys);
    const name = { plan: move.plan, version: move.version };
    const target = (await context.plans.versions(tx, [name]))(name);
    const work = await beginWork(context, tx, cases, [target]);
    const members = cases
      .filter((one) => one.endedAt === null)
      .map((one) => look(one, { move, target, work, publicUrl: context.publicUrl }));
    await work.write(tx);
    await writeLooked(tx, {
      ...{ move: move.id, members, now, after: keys.at(-1) ?? move.after },
      isDone: keys.length < most,
    });
    return Math.max(1, keys.length);
  });
}

interface Looking {
  readonly move: PriceMove;
  readonly target: Plan;
  readonly work: Work;
  /** Where people reach us. */
  readonly publicUrl: string;
}

function look(one: CardCase, looking: Looking): MoveMember {
  const { move, target, work } = looking;
  const plan = work.planOf(one);
  const id = formatRowId('mov', move.id);
  const about = { id, plan, price: target.price, policy: move, now: work.now };
  const verdict = planMove(one, about);
  const member = { key: one.key, fromVersion: one.version };
  if (verdict.plan === 'skip')
    return { ...member, outcome: 'skipped', reason: verdict.why, from: null };
  const kept = work.keep({ ...one, move: verdict.move });
  tell(kept, looking);
  return { ...member, outcome: 'planned', reason: null, from: verdict.move.from };
}

/** What it costs from when on, what it costs until then, and where it is read and agreed to. */
function tell(one: CardCase, { move, publicUrl, target, work }: Looking): void {
  if (!one.move) return;
  const plan = work.planOf(one);
  const later = laterOf(one, one.move);
  work.tell.event(one, plan, { event: 'price_changing', reason: move.consent, later });
  // In the words of the move: older versions have none for it.
  const inWords = { ...target, texts: { ...target.texts, price_change: move.text } };
  const { currency, interval, unitPriceMinor: amountMinor } = plan.price;
  const before = priceInWords(formatMoney({ amountMinor, currency }), periodOfInterval(interval));
  const page = move.consent === 'required' ? '/price' : '';
  const date = later.from.toLocaleDateString('sv', { timeZone: plan.timeZone });
  work.tell.sms(one, inWords, {
    ...{ occasion: 'price_change', fact: formatRowId('mov', move.id) },
    words: { old_price: before, date, link: `${publicUrl}/me/s/${subscriptionId(one.key)}${page}` },
  });
}
