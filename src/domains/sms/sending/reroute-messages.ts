import type { Decision } from '#rules/decision';
import { changeOf } from '#sms/change-messages';
import type { Routes, SmsContext } from '#sms/context';
import { type MessageChange, type SmsRow, updateMessages } from '#sms/message-store';
import { lockQueued } from '#sms/work-store';
import { asked, ending } from './begin-messages.ts';
import { chooseProvider } from './choose-provider.ts';
import { decisionAt, toRuleRequest } from './rule-request.ts';

const REROUTE_MOST = 500;

/**
 * Messages that stand before a provider which takes none now go to another one that may bring them and takes them. Where
 * there is none they wait, but not longer than they are of use, wanted and allowed: nobody else looks at them meanwhile.
 * Answers up to which message it looked, or undefined at the end.
 */
export async function rerouteMessages(
  context: SmsContext,
  { after, provider }: { readonly provider: string; readonly after: bigint },
): Promise<bigint | undefined> {
  const { clock, database, routes, rules, teller } = context;
  if (routes.admits(provider)) return undefined;
  return database.transaction(async (tx) => {
    const now = clock.now();
    const rows = await lockQueued(tx, { provider, after, most: REROUTE_MOST });
    const over = rows.filter((row) => row.expires_at <= now || row.cancel_asked_at !== null);
    const ruled = rows.filter((row) => row.origin !== 'sender' && !over.includes(row));
    const decisions = await rules.check(
      tx,
      ruled.map((row) => toRuleRequest(asked(row))),
    );
    const traces = new Map(ruled.map((row, at) => [row.id, decisionAt(decisions, at).trace]));
    const moved = ruled.flatMap((row, at) => moveOf(context, row, decisionAt(decisions, at)) ?? []);
    const changed = await updateMessages(tx, { changes: [...over.map(ending), ...moved], now });
    await teller.tell(
      tx,
      changed.map((row) => {
        const trace = row.state === 'queued' ? undefined : traces.get(row.id);
        return { row, ...(trace && { trace }) };
      }),
    );
    return rows.length < REROUTE_MOST ? undefined : rows.at(-1)?.id;
  });
}

/** Undefined: it waits where it is. */
function moveOf(
  { routes }: SmsContext,
  row: SmsRow,
  decision: Decision,
): MessageChange | undefined {
  if (decision.outcome === 'reject')
    return changeOf(row, { state: 'rejected', error: decision.code });
  const { providers, validUntil } = decision;
  const next = otherFor(row, { providers, routes });
  if (decision.outcome === 'defer') {
    const { notBefore } = decision;
    return changeOf(row, {
      ...{ state: 'deferred', provider: next ?? row.provider, notBefore, validUntil },
    });
  }
  if (next === undefined) return undefined;
  // Where it comes to one that has said no before, all have: from the first again.
  const tried = row.tried.includes(next) ? [] : row.tried;
  return changeOf(row, { state: 'queued', provider: next, tried, error: row.error });
}

/** Another one that takes messages now: best one that was not tried; else one that was and may take it by now. */
function otherFor(
  { provider, tried }: SmsRow,
  { providers, routes }: { readonly providers: readonly string[]; readonly routes: Routes },
): string | undefined {
  return [[...tried, provider], [provider]]
    .map((left) => chooseProvider(providers, { routes, tried: left }))
    .find((name) => name !== undefined && routes.admits(name));
}
