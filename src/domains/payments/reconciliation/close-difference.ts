import type { Tx } from '#database';
import { fail } from '#payments/errors';
import {
  closeLocked,
  type DifferenceKey,
  type DifferenceRow,
  lockDifference,
} from './difference-store.ts';

/**
 * A person has looked at a difference, and nothing more is to be done. A later comparison that finds the same leaves it closed; one
 * that finds other amounts opens it again. Throws `difference_unknown`, `difference_over`.
 */
export async function closeDifference(
  tx: Tx,
  closing: DifferenceKey & {
    readonly actor: string;
    readonly reason: string;
    readonly now: Date;
  },
): Promise<DifferenceRow> {
  const { actor, gateway, kind, now, reason, subject } = closing;
  const row = await lockDifference(tx, closing);
  if (!row)
    throw fail('difference_unknown', `${gateway} and we do not differ in ${kind} ${subject}.`);
  if (row.closed_at !== null)
    throw fail('difference_over', `${row.closed_by} has closed it: ${row.closed_reason}.`);
  if (row.gone_at !== null)
    throw fail('difference_over', 'It was not found any more by a later comparison.');
  await closeLocked(tx, closing);
  return { ...row, closed_at: now, closed_by: actor, closed_reason: reason };
}
