import { asked } from './begin-messages.ts';
import { changeOf } from './change-messages.ts';
import { chooseProvider } from './choose-provider.ts';
import type { SmsContext } from './context.ts';
import { updateMessages } from './message-store.ts';
import { toRuleRequest } from './rule-request.ts';
import { lockQueued } from './work-store.ts';

const REROUTE_MOST = 500;

/**
 * Messages that stand before a provider which takes none now go to another one that may bring them and takes them. Where
 * there is none they wait. Answers up to which message it looked, or undefined at the end.
 */
export async function rerouteMessages(
  context: SmsContext,
  { after, provider }: { readonly provider: string; readonly after: bigint },
): Promise<bigint | undefined> {
  const { clock, database, routes, rules, teller } = context;
  if (routes.admits(provider)) return undefined;
  return database.transaction(async (tx) => {
    const rows = await lockQueued(tx, { provider, after, most: REROUTE_MOST });
    const ruled = rows.filter((row) => row.origin !== 'sender');
    const decisions = await rules.check(
      tx,
      ruled.map((row) => toRuleRequest(asked(row))),
    );
    const changes = ruled.flatMap((row, at) => {
      const decision = decisions[at];
      if (decision?.outcome !== 'send') return [];
      const next = chooseProvider(decision.providers, { routes, tried: [...row.tried, provider] });
      if (next === undefined || !routes.admits(next)) return [];
      return [changeOf(row, { state: 'queued', provider: next, error: row.error })];
    });
    const changed = await updateMessages(tx, { changes, now: clock.now() });
    await teller.tell(
      tx,
      changed.map((row) => ({ row })),
    );
    return rows.length < REROUTE_MOST ? undefined : rows.at(-1)?.id;
  });
}
