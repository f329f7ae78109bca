import { changeOf } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { updateMessages } from '#sms/message-store';
import { lockOver } from '#sms/work-store';

const EXPIRE_MOST = 500;

/**
 * Ends messages that were of no more use before any sender came to them: their provider takes none, or nobody sends through
 * it any more. Answers how many.
 */
export async function expireWaiting({ clock, database, teller }: SmsContext): Promise<number> {
  return database.transaction(async (tx) => {
    const now = clock.now();
    const over = await lockOver(tx, { now, most: EXPIRE_MOST });
    const changes = over.map((row) =>
      row.cancel_asked_at === null
        ? changeOf(row, { state: 'expired', error: 'expired' })
        : changeOf(row, { state: 'cancelled', error: 'cancelled' }),
    );
    const changed = await updateMessages(tx, { changes, now });
    await teller.tell(
      tx,
      changed.map((row) => ({ row })),
    );
    return changed.length;
  });
}
