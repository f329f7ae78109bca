import type { Tx } from '#database';
import { changeOf } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { type MessageChange, type SmsRow, updateMessages } from '#sms/message-store';
import { asked, chooseProvider, decisionAt, toRuleRequest } from '#sms/sending';
import type { Told } from '#sms/tell-events';
import { countAtWork, findDeferring, lockDue } from '#sms/work-store';

const WAKE_MOST = 500;
/** Of that many providers at once; which ones is left to chance, so that none is always last. */
const PROVIDERS_MOST = 8;
/**
 * Before a provider there stands no more than it takes in so long: what waits in the table can still be changed, and an
 * opening wakes at the pace at which is sent.
 */
const AHEAD_SECONDS = 5;
const COUNTED_MOST = 200_000;

/**
 * Wakes deferred messages whose time has come: the rules that are in force now decide anew. Woken are no more than their
 * providers take in five seconds, and those of one that has no room hold up nobody else. Answers how many were looked at.
 */
export async function wakeDeferred(context: SmsContext): Promise<number> {
  const { clock, database, routes, teller } = context;
  return database.transaction(async (tx) => {
    const now = clock.now();
    const providers = await findDeferring(tx);
    if (providers.length === 0) return 0;
    const rooms = roomKeeper(
      await countAtWork(tx, COUNTED_MOST),
      (name) => routes.perSecond(name) * AHEAD_SECONDS,
    );
    const wanted = shuffle(providers)
      .map((provider) => ({ provider, most: Math.min(rooms.left(provider), WAKE_MOST) }))
      .filter(({ most }) => most > 0)
      .slice(0, PROVIDERS_MOST);
    const due = await lockDue(tx, { now, wanted });
    const verdicts = (await judge(context, tx, due)).map((verdict) =>
      verdict.change.state !== 'queued' || rooms.take(verdict.change.provider)
        ? verdict
        : waitsOn(verdict),
    );
    const changed = await updateMessages(tx, {
      changes: verdicts.map(({ change }) => change),
      now,
    });
    const traces = new Map(verdicts.map(({ change, told }) => [change.row.id, told]));
    await teller.tell(
      tx,
      changed.flatMap((row): Told[] => {
        const told = traces.get(row.id);
        return told ? [{ row, ...told }] : [];
      }),
    );
    return due.length;
  });
}

function roomKeeper(standing: ReadonlyMap<string, number>, mostOf: (name: string) => number) {
  const counts = new Map(standing);
  const left = (name: string) => Math.max(Math.floor(mostOf(name)), 1) - (counts.get(name) ?? 0);
  return {
    left,
    take(name: string): boolean {
      if (left(name) <= 0) return false;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return true;
    },
  };
}

function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** It is to go through another provider by now, and that one has no room: it waits among that one's, and nobody is told. */
function waitsOn({ change }: Verdict): Verdict {
  const { provider, row, validUntil } = change;
  const waiting = { state: 'deferred', provider, validUntil, notBefore: row.not_before } as const;
  return { change: changeOf(row, waiting), told: undefined };
}

interface Verdict {
  readonly change: MessageChange;
  readonly told: Omit<Told, 'row'> | undefined;
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
