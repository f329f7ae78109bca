import type { Tx } from '#database';
import { must, unreachable } from '#errors';
import {
  allocationNow,
  type Charging,
  chargeOpenBill,
  openBill,
  readDeclines,
  roomNow,
} from '#subscriptions/cards/billing';
import { type CardCase, openBillOf } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import {
  beginWork,
  claimDueCases,
  dueAction,
  endCase,
  ladderStatusOf,
  renewalOf,
  resumeCase,
  stepCase,
  type Work,
} from '#subscriptions/cards/cases';
import { endUnagreed, keepOldPrice } from '#subscriptions/cards/moves';
import { moveAhead } from '#subscriptions/cards/plans';
import { billedPeriod, periodAt, reanchor } from '#subscriptions/pricing';

const SET_MOST = 500;
/** Notice, renewal and its charge are three; more would be a mistake of the decisions, and no reason to go on for ever. */
const STEPS_MOST = 12;

/** Claims a set of card subscriptions whose time has come, and does what it is time for. Answers how many there were. */
export async function runDue(context: CardContext): Promise<number> {
  const allocationOf = await allocationNow(context);
  const room = await roomNow(context);
  return context.database.transaction(async (tx: Tx) => {
    const now = context.clock.now();
    const cases = await claimDueCases(tx, { now, most: SET_MOST });
    if (cases.length === 0) return 0;
    const work = await beginWork(context, tx, cases);
    const charging = { allocationOf, room, book: await readDeclines(tx, cases, now) };
    for (const one of cases) passTime(one, charging, work);
    await work.write(tx);
    return cases.length;
  });
}

/** All that it is time for, one step after the other. */
export function passTime(first: CardCase, charging: Charging, work: Work): CardCase {
  let one = first;
  for (let step = 0; step < STEPS_MOST; step += 1) {
    const action = dueAction(one, work.planOf(one), work.now);
    if (action.do === 'wait') break;
    one = take(one, action, { charging, work });
  }
  return work.keep(one);
}

interface Taking {
  readonly charging: Charging;
  readonly work: Work;
}

function take(
  one: CardCase,
  action: Exclude<ReturnType<typeof dueAction>, { do: 'wait' }>,
  { charging, work }: Taking,
): CardCase {
  switch (action.do) {
    case 'give_up':
      return endCase(
        one,
        { step: 'expire', reason: 'first_payment_incomplete', bill: 'void', event: 'ended' },
        work,
      );
    case 'resume':
      return resumeCase(one, 'pause_is_over', work);
    case 'end':
      return endCase(
        one,
        { step: 'cancel', reason: 'cancelled_at_period_end', bill: 'void', event: 'cancelled' },
        work,
      );
    case 'announce':
      return announceCharge(one, action, work);
    case 'renew':
      return renew(one, charging, work);
    case 'attempt':
      return chargeOpenBill(one, { ...charging, work });
    case 'climb':
      return climb(one, action.steps, work);
    default:
      return unreachable(action);
  }
}

function announceCharge(
  one: CardCase,
  { chargeAt, dueMinor }: { readonly chargeAt: Date; readonly dueMinor: bigint },
  work: Work,
): CardCase {
  const covers = one.priced.period.number + 1;
  const kept = work.keep({ ...one, noticedPeriod: covers });
  const plan = work.planOf(kept);
  const bill = { number: one.billCount, amountMinor: dueMinor };
  work.tell.event(kept, plan, { event: 'charge_coming', bill });
  work.tell.dunning(kept, plan, { message: 'charge_coming', chargeAt }, String(covers));
  return kept;
}

/** The next period's bill, and its charge. A change that was not paid in time is given up: the period goes first. */
function renew(one: CardCase, charging: Charging, work: Work): CardCase {
  const plan = work.planOf(one);
  const now = work.now;
  // After an outage of ours nobody pays for periods that are over: the next one begins now.
  const begun = isMissed(one, now) ? beginAnew(one, now) : one;
  const current = moveAhead(begun) === 'keep' ? keepOldPrice(begun, work) : begun;
  if (moveAhead(current) === 'end') return endUnagreed(current, work);
  const next = renewalOf(current, plan, now);
  must(next, 'what is due for renewal can be renewed');
  const opened = openBill(current, 'renewal', next, work);
  return openBillOf(opened) ? chargeOpenBill(opened, { ...charging, work }) : opened;
}

function isMissed({ priced: { anchor, period } }: CardCase, now: Date): boolean {
  return period.endsAt < now && periodAt(anchor, period.number + 1).end <= now;
}

function beginAnew(one: CardCase, now: Date): CardCase {
  const { anchor, period } = one.priced;
  const next = reanchor(anchor, { at: now, number: period.number + 1 });
  const over = { ...billedPeriod(period), endsAt: now };
  return { ...one, priced: { ...one.priced, anchor: next, period: over } };
}

function climb(one: CardCase, steps: number, work: Work): CardCase {
  const plan = work.planOf(one);
  const ladder = ladderStatusOf(one, plan, work.now);
  const { bill } = one;
  must(ladder && bill, 'a ladder stands on a declined bill');
  const climbed = { ...one, bill: { ...bill, toldSteps: steps } };
  const fact = `${bill.number}/step-${steps}`;
  const said = ladder.messages[steps - 1]?.text;
  if (ladder.status === 'ended') {
    const ended = endCase(
      climbed,
      { step: 'expire', reason: 'not_paid', bill: 'uncollectible', event: 'ended' },
      work,
    );
    if (said) work.tell.dunning(ended, plan, said, fact);
    return ended;
  }
  const isHeld = ladder.status === 'hold' && one.status !== 'hold';
  const kept = work.keep(isHeld ? stepCase(climbed, 'park', work.now) : climbed);
  if (isHeld) {
    work.tell.event(kept, plan, { event: 'held', reason: 'not_paid', bill });
  }
  if (said) work.tell.dunning(kept, plan, said, fact);
  return kept;
}
