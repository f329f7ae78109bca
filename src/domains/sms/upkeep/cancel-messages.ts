import type { Tx } from '#database';
import { changeOf, mayStep } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { fail } from '#sms/errors';
import { smsId } from '#sms/message';
import { lockMessages, type SmsRow, updateMessages } from '#sms/message-store';
import type { SmsProvider } from '#sms/provider';
import { applyReports, findParts } from '#sms/reports';
import { findToCancel, setCancelAsked } from '#sms/work-store';

export const CANCEL_MOST = 100;

/**
 * Takes a message back. Before it left it is `cancelled` at once; while it is on its way its provider is asked to drop it,
 * where that can be asked. Throws `sms_unknown`, and `sms_ended` for one that has come to its end otherwise.
 */
export async function cancelMessage(context: SmsContext, tx: Tx, id: bigint): Promise<SmsRow> {
  const { clock, teller } = context;
  const now = clock.now();
  const [row] = await lockMessages(tx, [id]);
  if (!row) throw fail('sms_unknown', `There is no message ${smsId(id)}.`);
  if (row.state === 'cancelled') return row;
  if (row.closed_at !== null)
    throw fail('sms_ended', `It is ${row.state} already: there is nothing left to cancel.`);
  if (!mayStep(row, 'cancel')) {
    await setCancelAsked(tx, { id, at: row.cancel_asked_at ?? now });
    return { ...row, cancel_asked_at: row.cancel_asked_at ?? now };
  }
  const changed = await updateMessages(tx, {
    changes: [changeOf(row, { state: 'cancelled', error: 'cancelled' })],
    now,
  });
  await teller.tell(
    tx,
    changed.map((one) => ({ row: one })),
  );
  return changed[0] ?? row;
}

/** Asks providers to drop what callers want back. What is too late stays what it is. Answers how many were asked for. */
export async function cancelAtProviders(
  context: SmsContext,
  providers: readonly SmsProvider[],
): Promise<number> {
  const { database } = context;
  const rows = await findToCancel(database.pool, {
    ...{ providers: providers.map(({ name }) => name), most: CANCEL_MOST },
  });
  if (rows.length === 0) return 0;
  const parts = Map.groupBy(
    await findParts(
      database.pool,
      rows.map(({ id }) => id),
    ),
    (part) => part.message_id,
  );
  for (const row of rows) {
    const provider = providers.find(({ name }) => name === row.provider);
    const ids = (parts.get(row.id) ?? [])
      .filter((part) => part.attempt === row.attempts)
      .map((part) => part.provider_message_id);
    const answer = await provider?.cancel?.({
      ...{ sms: smsId(row.id), attempt: row.attempts, recipient: row.recipient },
      ...{ sender: row.sender, providerMessageIds: ids },
    });
    await database.transaction(async (tx) => {
      if (answer === 'cancelled') {
        const reports = ids.map((providerMessageId) => ({
          ...{ providerMessageId, state: 'cancelled' as const, reason: 'cancelled' },
        }));
        await applyReports(context, tx, { provider: row.provider, reports });
      }
      await setCancelAsked(tx, { id: row.id, at: null });
    });
  }
  return rows.length;
}
