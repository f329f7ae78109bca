import type { Tx } from '#database';
import type { Decision } from '#rules/decision';
import { changeOf } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { smsId } from '#sms/message';
import { type MessageChange, type SmsRow, updateMessages } from '#sms/message-store';
import type { SmsLine } from '#sms/provider';
import type { Told } from '#sms/tell-events';
import { lockClaimed, markSubmitting } from '#sms/work-store';
import { chooseProvider } from './choose-provider.ts';
import { decisionAt, toRuleRequest } from './rule-request.ts';

/** A message that is about to leave, and who else may bring it if this provider certainly does not. */
export interface Job {
  readonly row: SmsRow;
  readonly allowed: readonly string[];
  /** By the monotonic clock: past it others take it for lost, so that it must not leave any more. */
  readonly leaveByMs: number;
}

/** Long before its lease ends: a process that slept meanwhile must not call when others have learnt that it never left. */
const LEAVE_WITHIN_MS = 8000;

interface Beginning {
  readonly line: SmsLine;
  readonly owner: string;
  readonly jobs: readonly Job[];
}

interface Verdict {
  readonly row: SmsRow;
  readonly validUntil?: Date;
  readonly allowed?: readonly string[];
  readonly change?: MessageChange;
  readonly decision?: Decision;
}

/**
 * The last word before messages leave, in one transaction: they are still held and wanted, the rules allow them now, their
 * places in the counters are taken, their attempt is counted. Whatever is not to leave goes where it belongs.
 */
export async function beginMessages(
  context: SmsContext,
  { jobs, line, owner }: Beginning,
): Promise<readonly Job[]> {
  const { clock, database, teller } = context;
  const waits = await shareOut(line, jobs);
  return database.transaction(async (tx) => {
    const now = clock.now();
    const rows = await lockClaimed(tx, { rows: jobs.map(({ row }) => row), owner });
    const verdicts = await judge(context, tx, { rows, line, waits });
    const leaving = verdicts.filter(({ change }) => change === undefined);
    const leaveByMs = performance.now() + Math.min(LEAVE_WITHIN_MS, line.provider.longestMs());
    const begun = await markSubmitting(tx, {
      ...{ owner, now, leaseMs: line.provider.longestMs() },
      marks: leaving.map(({ row, validUntil }) => ({
        ...{ row, validUntil: validUntil ?? row.expires_at },
      })),
    });
    const changes = verdicts.flatMap(({ change }) => change ?? []);
    const changed = await updateMessages(tx, { changes, now });
    const decisions = new Map(verdicts.map(({ decision, row }) => [row.id, decision]));
    await teller.tell(
      tx,
      changed.map((row): Told => {
        const trace = decisions.get(row.id)?.trace;
        const notBefore = row.state === 'queued' ? row.not_before : null;
        // Only its share of the rate is not there yet: that may be so many times.
        const isNoNews = notBefore !== null;
        return { row, isNoNews, ...(trace && { trace }), ...(notBefore && { notBefore }) };
      }),
    );
    const allowed = new Map(leaving.map((verdict) => [verdict.row.id, verdict.allowed ?? []]));
    return begun.map((row) => ({ row, allowed: allowed.get(row.id) ?? [], leaveByMs }));
  });
}

/** By message: how long it has to wait for its sender's or its entity's share of the rate. */
async function shareOut(line: SmsLine, jobs: readonly Job[]): Promise<ReadonlyMap<bigint, number>> {
  const waits = await line.share?.(
    jobs.map(({ row }) => ({ sender: row.sender, entity: row.entity ?? HOUSE_ENTITY })),
  );
  return new Map(jobs.map(({ row }, at) => [row.id, waits?.[at] ?? 0]));
}

interface Judging {
  readonly rows: readonly SmsRow[];
  readonly line: SmsLine;
  readonly waits: ReadonlyMap<bigint, number>;
}

async function judge(
  context: SmsContext,
  tx: Tx,
  { line, rows, waits }: Judging,
): Promise<readonly Verdict[]> {
  const { clock, rules } = context;
  const now = clock.now();
  const parted = Object.groupBy(rows, (row) => {
    if (row.expires_at <= now || row.cancel_asked_at !== null) return 'ended';
    if ((waits.get(row.id) ?? 0) > 0) return 'later';
    return row.origin === 'sender' ? 'free' : 'ruled';
  });
  const { ended = [], free = [], later = [], ruled = [] } = parted;
  const decisions = await rules.reserve(
    tx,
    ruled.map((row) => toRuleRequest(asked(row))),
  );
  const verdicts = ruled.map((row, at) => verdictOf(context, row, decisionAt(decisions, at)));
  // Its place was taken for a moment that is not now.
  const elsewhere = verdicts.filter(
    ({ change, decision }) => change && decision?.outcome === 'send',
  );
  await rules.release(
    tx,
    elsewhere.map(({ row }) => smsId(row.id)),
  );
  return [
    ...ended.map((row): Verdict => ({ row, change: ending(row) })),
    ...later.map((row): Verdict => ({ row, change: postponed(row, now, waits.get(row.id) ?? 0) })),
    ...free.map((row): Verdict => ({ row, allowed: [line.provider.name] })),
    ...verdicts,
  ];
}

function postponed(row: SmsRow, now: Date, waitMs: number): MessageChange {
  return changeOf(row, {
    ...{ state: 'queued', error: row.error, notBefore: new Date(now.getTime() + waitMs) },
  });
}

/** Of no use any more, or wanted back. */
export function ending(row: SmsRow): MessageChange {
  return row.cancel_asked_at === null
    ? changeOf(row, { state: 'expired', error: 'expired' })
    : changeOf(row, { state: 'cancelled', error: 'cancelled' });
}

function verdictOf({ routes }: SmsContext, row: SmsRow, decision: Decision): Verdict {
  if (decision.outcome === 'reject') {
    return { row, decision, change: changeOf(row, { state: 'rejected', error: decision.code }) };
  }
  const { providers, validUntil } = decision;
  if (decision.outcome === 'defer') {
    const { notBefore } = decision;
    const provider = chooseProvider(providers, { routes, tried: row.tried }) ?? row.provider;
    return {
      row,
      decision,
      change: changeOf(row, { state: 'deferred', provider, notBefore, validUntil }),
    };
  }
  if (providers.includes(row.provider)) return { row, decision, validUntil, allowed: providers };
  const provider = chooseProvider(providers, { routes, tried: row.tried });
  if (provider !== undefined)
    return { row, decision, change: changeOf(row, { state: 'queued', provider, validUntil }) };
  return { row, decision, change: changeOf(row, { state: 'rejected', error: 'provider_unknown' }) };
}

/** What the rules are asked of a row; of one that an older version wrote, as of the house's own. */
export function asked(row: SmsRow): Parameters<typeof toRuleRequest>[0] {
  return {
    ...{
      id: row.id,
      person: row.person,
      recipient: row.recipient,
      sender: row.sender,
      body: row.body,
      secret: row.secret,
    },
    entity: row.entity ?? HOUSE_ENTITY,
    class: row.class ?? (row.kind === 'pin' ? 'auth' : 'transaction'),
    segments: row.segments ?? 1,
    wanted: row.wanted ?? (row.entity === null ? [row.provider] : null),
    facts: row.facts,
    notBefore: null,
    expiresAt: row.expires_at,
  };
}

/** The legal entity that Kopek's own messages are sent for, unless they name another. */
export const HOUSE_ENTITY = 'house';
