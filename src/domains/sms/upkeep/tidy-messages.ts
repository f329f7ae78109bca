import { firstIdAt } from '#ids';
import type { SmsContext } from '#sms/context';
import { deleteIncoming, deleteMessages } from './tidy-store.ts';

const TIDY_MOST = 5000;

/**
 * Forgets messages, their history and what people sent to us, as soon as no law asks for a record of them. One handful: true
 * when there may be more.
 */
export async function tidyMessages({ database, rules }: SmsContext): Promise<boolean> {
  const before = rules.recordKeptSince();
  const old = { before, most: TIDY_MOST };
  const messages = await database.transaction((tx) =>
    deleteMessages(tx, { ...old, firstId: firstIdAt(before) }),
  );
  const incoming = await database.transaction((tx) => deleteIncoming(tx, old));
  return messages === TIDY_MOST || incoming === TIDY_MOST;
}
