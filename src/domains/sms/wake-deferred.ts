import type { Tx } from '#database';
import { asked } from './begin-messages.ts';
import { changeOf } from './change-messages.ts';
import { chooseProvider } from './choose-provider.ts';
import type { SmsContext } from './context.ts';
import { type MessageChange, type SmsRow, updateMessages } from './message-store.ts';
import { decisionAt, toRuleRequest } from './rule-request.ts';
import type { Told } from './tell-events.ts';
import { countAtWork, lockDue } from './work-store.ts';

const WAKE_MOST = 500;
/**
 * Before a provider there stands no more than it takes in so long: what waits in the table can still be changed, and an
 * opening wakes at the pace at which is sent.
 */
const AHEAD_SECONDS = 5;
const COUNTED_MOST = 200_000;

/**
 * Wakes deferred messages whose time has come: the rules that are in force now decide anew. Woken are no more than their
 * providers take in five seconds. Answers how many were looked at.
 */
export async function wakeDeferred(context: SmsContext): Promise<number> {
  const { clock, database, routes, teller } = context;
  return database.transaction(async (tx) => {
    const now = clock.now();
    const standing = await countAtWork(tx, COUNTED_MOST);
    const due = await lockDue(tx, { now, most: WAKE_MOST });
    const roomOf = roomKeeper(standing, (name) => routes.perSecond(name) * AHEAD_SECONDS);
    const verdicts = (await judge(context, tx, due)).filter(
      ({ change }) => change.state !== 'queued' || roomOf(change.provider),
    );
    const changed = await updateMessages(tx, {
      changes: verdicts.map(({ change }) => change),
      now,
    });
    const traces = new Map(verdicts.map(({ change, told }) => [change.id, told]));
    await teller.tell(
      tx,
      changed.map((row): Told => ({ row, ...traces.get(row.id) })),
    );
    return verdicts.length;
  });
}

function roomKeeper(standing: ReadonlyMap<string, number>, mostOf: (name: string) => number) {
  const counts = new Map(standing);
  return (name: string) => {
    const count = counts.get(name) ?? 0;
    if (count >= Math.max(mostOf(name), 1)) return false;
    counts.set(name, count + 1);
    return true;
  };
}

interface Verdict {
  readonly change: MessageChange;
  readonly told: Omit<Told, 'row'>;
}

async function judge(
  context: SmsContext,
  tx: Tx,
  due: readonly SmsRow[],
): Promise<readonly Verdict[]> {
  const { clock, rules } = context;
  const now = clock.now();
  const over = due.filter((row) => row.expires_at <= now);
  const free = due.filter((row) => !over.includes(row) && row.origin === 'sender');
  const ruled = due.filter((row) => !over.includes(row) && row.origin !== 'sender');
  const decisions = await rules.check(
    tx,
    ruled.map((row) => toRuleRequest(asked(row))),
  );
  return [
    ...over.map((row) => ({
      change: changeOf(row, { state: 'expired', error: 'expired' }),
      told: {},
    })),
    ...free.map((row) => ({ change: changeOf(row, { state: 'queued' }), told: {} })),
    ...ruled.map((row, at) => verdictOf(context, row, decisionAt(decisions, at))),
  ];
}

function verdictOf(
  { routes }: SmsContext,
  row: SmsRow,
  decision: Awaited<ReturnType<SmsContext['rules']['check']>>[number],
): Verdict {
  const told = { trace: decision.trace };
  if (decision.outcome === 'reject')
    return { told, change: changeOf(row, { state: 'rejected', error: decision.code }) };
  const { providers, validUntil } = decision;
  const provider = chooseProvider(providers, { routes, tried: row.tried }) ?? row.provider;
  if (decision.outcome === 'send')
    return { told, change: changeOf(row, { state: 'queued', provider, validUntil }) };
  const { notBefore } = decision;
  return { told, change: changeOf(row, { state: 'deferred', provider, notBefore, validUntil }) };
}
