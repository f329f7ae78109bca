import { periodBounds } from '#clock';
import type { Tx } from '#database';
import { AppError, must, unreachable } from '#errors';
import { parseId, parseRowId } from '#ids';
import { allocationNow, readDeclines, roomNow } from '#subscriptions/cards/billing';
import type { CardContext } from '#subscriptions/cards/card-context';
import {
  beginWork,
  closeBill,
  findFormerPriced,
  insertSwitch,
  lockCases,
  takeByCard,
  takeByPhone,
} from '#subscriptions/cards/cases';
import { type Command, type CommandResult, done, refused } from '#subscriptions/cards/command';
import { findCommands, insertCommands } from '#subscriptions/cards/command-store';
import { passTime } from '#subscriptions/cards/due';
import { announce } from '#subscriptions/context';
import { dueAtStartOf } from '#subscriptions/schedule';
import { CARD } from '#subscriptions/sms-route';
import { type BilledRow, closeBills, lockSubscriptions } from '#subscriptions/store';
import {
  billReference,
  cardReference,
  parseSubscriptionId,
  type SubscriptionKey,
  subscriptionId,
} from '#subscriptions/subscription';
import { carrierPeriod } from '#subscriptions/terms';
import { judgeSwitch, type SwitchVerdict } from './judge-switch.ts';
import { type KeptPeriod, phonePeriods, pricedFromPhone } from './switch-periods.ts';

const SWITCHED = 'switched';

/** Carries a switch out, once, under the lock of its subscription. */
export async function switchWay(context: CardContext, tx: Tx, command: Command): Promise<void> {
  const key = parseSubscriptionId(command.subscription);
  const id = parseRowId('cmd', command.id, 'command');
  if ((await findCommands(tx, [{ key, id }])).has(id)) return;
  const result = await carryOut(context, tx, { key, id, command });
  await insertCommands(tx, [{ key, id, command, result }], context.clock.now());
}

interface Switching {
  readonly key: SubscriptionKey;
  readonly id: bigint;
  readonly command: Command;
}

/** The subscription is locked. A switch without a card waits for one, and the phone goes on being charged. */
export async function carryOut(
  context: CardContext,
  tx: Tx,
  switching: Switching,
): Promise<CommandResult> {
  const { command, key } = switching;
  const [row] = await lockSubscriptions(tx, [key]);
  if (!row || !command.to || !command.consent || !command.consented_at)
    return refused('consent_missing');
  const { card, to, version } = command;
  const verdict = await judgeSwitch(context, tx, { row, wanted: { to, version, card } });
  switch (verdict.verdict) {
    case 'refused':
      return refused(verdict.reason);
    case 'to_card':
      return toCard(context, tx, { ...switching, row, verdict });
    case 'to_phone':
      return toPhone(context, tx, { ...switching, row, verdict });
    default:
      return unreachable(verdict);
  }
}

type Judged<Verdict extends SwitchVerdict['verdict']> = Switching & {
  readonly row: BilledRow;
  readonly verdict: Extract<SwitchVerdict, { verdict: Verdict }>;
};

async function toCard(
  context: CardContext,
  tx: Tx,
  { row, verdict, ...switching }: Judged<'to_card'>,
): Promise<CommandResult> {
  const { command, key } = switching;
  const now = context.clock.now();
  const consentId = parseId('con', command.consent ?? '', 'consent').id;
  const isWaiting = verdict.card === undefined;
  await insertSwitch(tx, {
    ...{ ...switching, consentId, now },
    state: isWaiting ? 'waiting' : 'done',
  });
  if (isWaiting) return done('waiting_for_card');
  await voidPhoneBill(context, tx, row);
  const { plan, startsAt } = verdict;
  const before = await findFormerPriced(tx, key);
  const kept = await keptPeriod(context, tx, { row, endsAt: startsAt });
  const priced = pricedFromPhone(kept, { id: subscriptionId(key), plan, before });
  await takeByCard(tx, {
    ...{ key, operator: CARD, priced, locale: command.locale ?? 'ru', now },
    billCount: kept.number + 1,
  });
  const [taken] = await lockCases(tx, [key]);
  must(taken, 'what was handed over is there');
  const one = { ...taken, card: verdict.card ?? null };
  const work = await beginWork(context, tx, [one], [plan]);
  const charging = {
    ...{ allocationOf: await allocationNow(context), room: await roomNow(context) },
    book: await readDeclines(tx, [one], now),
  };
  const { currency, unitPriceMinor: amountMinor } = plan.price;
  const later = { amountMinor, currency, from: startsAt };
  work.tell.event(one, plan, { event: SWITCHED, reason: 'to_card', later });
  work.tell.sms(one, plan, { occasion: SWITCHED, fact: command.id });
  passTime(one, charging, work);
  await work.write(tx);
  return done('switched');
}

/** What is open on the phone bill is not asked for any more. */
async function voidPhoneBill(
  { clock, payments }: CardContext,
  tx: Tx,
  row: BilledRow,
): Promise<void> {
  if (row.bill_period === null) return;
  const key = { customerId: row.customer_id, id: row.id };
  const about = { period: row.bill_period, attempts: row.bill_attempts ?? 0 };
  await closeBills(tx, [
    {
      ...{ subscription: key, ...about, state: 'void', reason: SWITCHED },
      closedAt: clock.now(),
    },
  ]);
  const { underWay } = await payments.withdraw(tx, {
    ...{ customerId: key.customerId, gateway: row.operator, reason: SWITCHED },
    references: [billReference(key, row.bill_period)],
  });
  // It was begun between the look and this: nothing is written, and the next look finds it under way.
  if (underWay.length > 0)
    throw new AppError(
      'unavailable',
      'payment_begun',
      'A charge was begun this moment. Try again.',
    );
}

/** The operator's newest period, up to where it is paid for. Its number is the highest of all bills. */
export async function keptPeriod(
  { catalogue, operators }: CardContext,
  tx: Tx,
  { endsAt, row }: { readonly row: BilledRow; readonly endsAt: Date },
): Promise<KeptPeriod> {
  const termsOf = await catalogue.versions(tx, [
    { serviceId: row.service_id, version: row.terms_version },
  ]);
  const number = Math.max(0, row.period);
  const { start } = periodBounds(row.anchor_at, number, {
    period: carrierPeriod(termsOf(row.service_id, row.terms_version)),
    timeZone: operators.get(row.operator).timeZone,
  });
  return { number, start: start < endsAt ? start : row.anchor_at, endsAt };
}

async function toPhone(
  context: CardContext,
  tx: Tx,
  { row, verdict, ...switching }: Judged<'to_phone'>,
): Promise<CommandResult> {
  const { command, key } = switching;
  const { one, startsAt, terms } = verdict;
  const now = context.clock.now();
  const consentId = parseId('con', command.consent ?? '', 'consent').id;
  await insertSwitch(tx, { ...{ ...switching, consentId, now }, state: 'done' });
  const work = await beginWork(context, tx, [one]);
  const closed = closeBill(one, { state: 'void', reason: SWITCHED }, work);
  // A page on which another card is being left is closed with it.
  work.withdraw(closed, cardReference(key), SWITCHED);
  work.keep({ ...closed, noticedPeriod: null, move: null });
  await work.write(tx);
  const { timeZone } = context.operators.get(terms.operator);
  const period = carrierPeriod(terms);
  const first = Math.max(one.billCount, one.priced.period.number + 1);
  const counted = phonePeriods(startsAt, { now, first, period, timeZone });
  await takeByPhone(tx, {
    ...{ key, operator: terms.operator, version: terms.version, status: one.status },
    ...{ anchorAt: counted.anchorAt, period: counted.number - 1, paidUntil: startsAt },
    dueAt: dueAtStartOf(counted.number, counted.anchorAt, { terms, timeZone, now }),
  });
  const announcement = announce(context, now);
  const phoneRow = { ...row, operator: terms.operator };
  const about = { event: SWITCHED, status: one.status, reason: 'to_phone' };
  announcement.event(phoneRow, terms, { ...about, effectiveAt: startsAt });
  announcement.status(phoneRow, one.status, 'to_phone');
  announcement.sms(phoneRow, terms, { occasion: SWITCHED, fact: command.id });
  await announcement.publish(tx);
  return done('switched');
}
