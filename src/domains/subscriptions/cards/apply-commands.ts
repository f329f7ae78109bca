import type { Tx } from '#database';
import { unreachable } from '#errors';
import { parseRowId } from '#ids';
import { confirmQuote, type QuoteInput, type QuoteRequest, quote } from '#subscriptions/pricing';
import { isAlive, parseSubscriptionId, subscriptionId } from '#subscriptions/subscription';
import {
  allocationNow,
  type Charging,
  chargeOpenBill,
  openBill,
  readDeclines,
  roomNow,
} from './billing/index.ts';
import { type CardCase, openBillOf } from './card-case.ts';
import type { CardContext } from './card-context.ts';
import {
  beginWork,
  closeBill,
  endCase,
  lockBothWays,
  lockCases,
  pauseCase,
  resumeCase,
  type Work,
} from './cases/index.ts';
import { type Command, type CommandResult, done, refused } from './command.ts';
import { type CommandRow, findCommands, insertCommands } from './command-store.ts';
import { passTime } from './due/index.ts';
import { agreeToMove } from './moves/index.ts';
import type { Plan } from './plans/index.ts';
import { withRefundable } from './refundable.ts';
import { switchWay } from './switching/index.ts';

interface Applying {
  readonly command: Command;
  readonly charging: Charging;
  readonly work: Work;
  /** Plans that changes lead to, by code. */
  readonly targets: ReadonlyMap<string, Plan>;
}

/**
 * Carries commands out, each once, in their order, under the lock of their subscription: of two that exclude each other the first
 * holds, and the second is told why not. A switch hands its subscription over, so it stands alone between the others.
 */
export async function applyCommands(
  context: CardContext,
  tx: Tx,
  commands: readonly Command[],
): Promise<void> {
  const names = [...new Set(commands.map(({ subscription }) => subscription))];
  await lockBothWays(tx, names.map(parseSubscriptionId));
  let others: Command[] = [];
  for (const command of commands) {
    if (command.command !== 'switch') {
      others.push(command);
      continue;
    }
    await applySet(context, tx, others);
    others = [];
    await switchWay(context, tx, command);
  }
  await applySet(context, tx, others);
}

async function applySet(context: CardContext, tx: Tx, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  const named = commands.map((command) => ({
    ...{ command, key: parseSubscriptionId(command.subscription) },
    id: parseRowId('cmd', command.id, 'command'),
  }));
  const keys = [...new Map(named.map(({ command, key }) => [command.subscription, key])).values()];
  const locked = await lockCases(tx, keys);
  const before = await findCommands(tx, named);
  const cases = await withRefundable(context, tx, locked);
  const byName = new Map(cases.map((one) => [subscriptionId(one.key), one]));
  const targets = await targetsOf(context, commands);
  const work = await beginWork(context, tx, cases, [...targets.values()]);
  const book = await readDeclines(tx, cases, work.now);
  const room = await roomNow(context);
  const charging = { allocationOf: await allocationNow(context), book, room };
  const rows: CommandRow[] = [];
  for (const { command, id, key } of named) {
    const one = byName.get(command.subscription);
    if (before.has(id) || rows.some((row) => row.id === id)) continue;
    const [after, result] = one
      ? apply(one, { command, charging, work, targets })
      : [undefined, refused('not_by_card')];
    if (after) byName.set(command.subscription, passTime(after, charging, work));
    rows.push({ key, id, command, result });
  }
  await insertCommands(tx, rows, work.now);
  await work.write(tx);
}

async function targetsOf(
  { plans }: CardContext,
  commands: readonly Command[],
): Promise<ReadonlyMap<string, Plan>> {
  const codes = new Set(commands.flatMap(({ plan }) => plan ?? []));
  const found = await Promise.all([...codes].map((code) => plans.newest(code)));
  return new Map(found.flatMap((plan) => (plan ? [[plan.code, plan] as const] : [])));
}

type Applied = readonly [CardCase | undefined, CommandResult];

function apply(one: CardCase, applying: Applying): Applied {
  const { command, work } = applying;
  if (!isAlive(one.status)) return [undefined, refused('ended')];
  switch (command.command) {
    case 'cancel':
      return cancel(one, applying);
    case 'repay':
      return repay(one, applying);
    case 'change':
      return change(one, applying);
    case 'pause':
      return pause(one, command, work);
    case 'resume':
      return resume(one, work);
    case 'agree':
      return agreeToMove(one, command, work);
    case 'switch':
      return [undefined, refused('not_here')];
    default:
      return unreachable(command.command);
  }
}

/** What was shown, if it was shown and still holds; else as it stands now. */
function priceNow(one: CardCase, request: QuoteRequest, { command, work }: Applying) {
  const input: Omit<QuoteInput, 'at'> = { request, precision: work.planOf(one).precision };
  const { quote: shown } = command;
  if (!shown) return quote({ ...input, at: work.now });
  const result = confirmQuote(input, { at: new Date(shown.at), hash: shown.hash }, work.now);
  if (result.outcome === 'agreed') return { outcome: 'quoted', quote: result.quote } as const;
  return { outcome: 'refused', reason: `quote_${result.outcome}` } as const;
}

function cancel(one: CardCase, applying: Applying): Applied {
  const { command, work } = applying;
  const { timing = 'period_end', unused = 'keep' } = command;
  const reason = command.reason ?? 'cancelled_by_customer';
  // Nothing is paid of what would still run: the end is now.
  const owes = one.status === 'pending' || one.status === 'grace' || one.status === 'hold';
  if (timing === 'now' || owes)
    return cancelNow(one, { reason, unused: owes ? 'keep' : unused }, applying);
  const request = { kind: 'cancel', subscription: one.priced, timing, unused } as const;
  const result = priceNow(one, request, applying);
  if (result.outcome === 'refused') return [undefined, refused(result.reason)];
  const { after } = result.quote;
  if (!after) return [undefined, refused('ended')];
  // The bill of the next period may be open already.
  const closed = closeBill(one, { state: 'void', reason }, work);
  const kept = work.keep({ ...closed, priced: after });
  work.tell.event(kept, work.planOf(kept), { event: 'cancel_planned', reason });
  work.tell.sms(kept, work.planOf(kept), { occasion: 'cancel_planned', fact: command.id });
  return [kept, done('ends_with_period')];
}

function cancelNow(
  one: CardCase,
  { reason, unused }: { readonly reason: string; readonly unused: 'refund' | 'credit' | 'keep' },
  applying: Applying,
): Applied {
  const { work } = applying;
  const request = { kind: 'cancel', subscription: one.priced, timing: 'now', unused } as const;
  const result = priceNow(one, request, applying);
  if (result.outcome === 'refused') return [undefined, refused(result.reason)];
  const ending = { step: 'cancel', reason, bill: 'void', event: 'cancelled' } as const;
  const ended = endCase(one, ending, work);
  for (const { amountMinor, payment } of result.quote.refunds)
    work.refund({ one: ended, payment, amountMinor, reason: 'unused part of the period' });
  work.tell.sms(ended, work.planOf(ended), { occasion: 'unsubscribed', fact: 'cancelled' });
  return [ended, done(result.quote.refunds.length > 0 ? 'cancelled_with_refund' : 'cancelled')];
}

/** The open bill is charged again, now: its holder asks for it. */
function repay(one: CardCase, { charging, work }: Applying): Applied {
  const bill = openBillOf(one);
  if (!bill || one.status === 'pending') return [undefined, refused('nothing_owed')];
  if (bill.isUnderWay) return [undefined, refused('payment_under_way')];
  if (!one.card) return [undefined, refused('no_card')];
  const charged = chargeOpenBill({ ...one, attention: null }, { ...charging, work, asked: true });
  return [
    charged,
    charged.bill?.isUnderWay ? done('charging') : refused('card_may_not_be_tried_now'),
  ];
}

function change(one: CardCase, applying: Applying): Applied {
  const { charging, command, targets, work } = applying;
  const { quantity = one.priced.selection.quantity } = command;
  const target = targets.get(command.plan ?? one.priced.selection.price.plan);
  // Only the quantity: at the price that was agreed to, whatever is on sale now.
  const price = command.plan === undefined ? one.priced.selection.price : target?.price;
  if (!price) return [undefined, refused('plan_unknown')];
  if (command.version !== undefined && price.version !== command.version)
    return [undefined, refused('terms_outdated')];
  if (one.status !== 'trial' && one.status !== 'active')
    return [undefined, refused(`is_${one.status}`)];
  const { timing } = command;
  const request: QuoteRequest = {
    kind: 'change',
    ...{ subscription: one.priced, to: { price, quantity } },
    ...(timing === undefined ? {} : { timing }),
  };
  if (openBillOf(one)) return [undefined, refused('bill_open')];
  const result = priceNow(one, request, applying);
  if (result.outcome === 'refused') return [undefined, refused(result.reason)];
  const { quote: agreed } = result;
  if (agreed.lines.length === 0 && agreed.after) return planChange(one, agreed.after, applying);
  const opened = openBill(one, 'change', agreed, work);
  if (!openBillOf(opened)) return [opened, done('changed')];
  const charged = chargeOpenBill(opened, { ...charging, work, asked: true });
  if (charged.bill?.isUnderWay) return [charged, done('charging')];
  const reason = one.card ? 'card_may_not_be_tried_now' : 'no_card';
  return [closeBill(charged, { state: 'void', reason }, work), refused(reason)];
}

function planChange(
  one: CardCase,
  after: CardCase['priced'],
  { command, work }: Applying,
): Applied {
  const kept = work.keep({ ...one, priced: after, noticedPeriod: null });
  work.tell.event(kept, work.planOf(kept), { event: 'change_planned' });
  work.tell.sms(kept, work.planOf(kept), { occasion: 'change_planned', fact: command.id });
  return [kept, done('planned')];
}

function pause(one: CardCase, { days }: Command, work: Work): Applied {
  const { pauseDaysMost } = work.planOf(one);
  if (pauseDaysMost === 0) return [undefined, refused('not_to_be_paused')];
  if (one.status !== 'active') return [undefined, refused(`is_${one.status}`)];
  if (openBillOf(one)) return [undefined, refused('bill_open')];
  if (one.priced.endsWithPeriod) return [undefined, refused('ending')];
  if (work.now >= one.priced.period.endsAt) return [undefined, refused('period_over')];
  return [pauseCase(one, days ?? pauseDaysMost, work), done('paused')];
}

/** Goes on: out of a pause, or although it was to end with its period. */
function resume(one: CardCase, work: Work): Applied {
  if (one.status === 'paused') return [resumeCase(one, 'by_customer', work), done('resumed')];
  if (!one.priced.endsWithPeriod) return [undefined, refused('nothing_to_resume')];
  const kept = work.keep({ ...one, priced: { ...one.priced, endsWithPeriod: false } });
  work.tell.event(kept, work.planOf(kept), { event: 'kept' });
  return [kept, done('kept')];
}
