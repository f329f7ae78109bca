import type { Tx } from '#database';
import { must } from '#errors';
import { measureText } from '#gsm';
import type { Decision, TraceLine } from '#rules/decision';
import type { SmsContext } from '#sms/context';
import { insertMessages, type NewMessage, type SmsRow } from '#sms/message-store';
import { chooseProvider, decisionAt, toRuleRequest } from '#sms/sending';

/** A message that was read and found sound, before the rules are asked. `notBefore` is the caller's schedule. */
export type Draft = Omit<
  NewMessage,
  'error' | 'id' | 'provider' | 'segments' | 'state' | 'validUntil'
>;

/** What became of one draft: undefined row means that the same fact or reference has asked before. */
export interface Registered {
  readonly row: SmsRow | undefined;
}

interface Judged {
  readonly state: NewMessage['state'];
  readonly provider: string;
  readonly notBefore: Date | null;
  readonly validUntil: Date | null;
  readonly error: string | null;
  readonly trace: readonly TraceLine[] | undefined;
}

/**
 * Writes messages down with what the rules say of them now: queued before a provider, deferred, or rejected with the reason.
 * Nothing is reserved yet: that happens at the moment of sending. Answers for each draft, in order.
 */
export async function registerMessages(
  context: SmsContext,
  tx: Tx,
  drafts: readonly Draft[],
): Promise<readonly Registered[]> {
  if (drafts.length === 0) return [];
  const { clock, ids, rules, teller } = context;
  const now = clock.now();
  const measured = drafts.map((draft) => ({
    ...draft,
    id: ids.next(now.getTime()),
    segments: measureText(draft.body).segments,
  }));
  const ruled = measured.filter((draft) => draft.origin !== 'sender');
  const decisions = await rules.check(tx, ruled.map(toRuleRequest));
  const decisionOf = new Map(ruled.map(({ id }, at) => [id, decisionAt(decisions, at)]));
  const judged = new Map(
    measured.map((draft) => {
      const decision = decisionOf.get(draft.id);
      return [draft.id, decision ? judge(context, decision) : judgeSender(context, draft, now)];
    }),
  );
  const rows = await insertMessages(tx, {
    now,
    messages: measured.map((draft) => {
      const found = judged.get(draft.id);
      must(found, 'each draft was judged');
      return { ...draft, ...found };
    }),
  });
  await teller.tell(
    tx,
    rows.map((row) => {
      const trace = judged.get(row.id)?.trace;
      return { row, ...(trace && { trace }) };
    }),
  );
  const written = new Map(rows.map((row) => [row.id, row]));
  return measured.map(({ id }) => ({ row: written.get(id) }));
}

function judge({ routes }: SmsContext, decision: Decision): Judged {
  const { trace } = decision;
  const nothing = { provider: '', notBefore: null, validUntil: null, error: null, trace };
  if (decision.outcome === 'reject') return { ...nothing, state: 'rejected', error: decision.code };
  const { providers, validUntil } = decision;
  const provider = chooseProvider(providers, { routes, tried: [] });
  if (provider === undefined) return { ...nothing, state: 'rejected', error: 'provider_unknown' };
  if (decision.outcome === 'send') return { ...nothing, state: 'queued', provider, validUntil };
  const { notBefore } = decision;
  return { ...nothing, state: 'deferred', provider, notBefore, validUntil };
}

/** No rules: who names the provider has asked them himself. */
function judgeSender({ routes }: SmsContext, { notBefore, wanted }: Draft, now: Date): Judged {
  const provider = wanted?.[0] ?? '';
  const nothing = { provider, notBefore: null, validUntil: null, error: null, trace: undefined };
  if (!routes.knows(provider)) return { ...nothing, state: 'rejected', error: 'provider_unknown' };
  if (notBefore === null || notBefore <= now) return { ...nothing, state: 'queued' };
  return { ...nothing, state: 'deferred', notBefore };
}
