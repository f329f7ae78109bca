import { entryOf, type Json, textAt } from '#json';
import type { ListedReceipt, ReceiptQuestion } from '#payments/card-gateway';
import { validDate } from '#payments/card-talk';

const PAGE_SIZE = '100';

/** Of a span, or of one operation: a payment's and a refund's are asked for by different names. */
export function receiptsPath(asked: ReceiptQuestion): string {
  const query =
    'transaction' in asked
      ? { [asked.kind === 'sale' ? 'payment_id' : 'refund_id']: asked.transaction }
      : {
          'created_at.gte': asked.from.toISOString(),
          'created_at.lt': asked.to.toISOString(),
          ...(asked.page === undefined ? {} : { cursor: asked.page }),
        };
  return `/receipts?${new URLSearchParams({ limit: PAGE_SIZE, ...query })}`;
}

const STATES: Readonly<Record<string, ListedReceipt['state']>> = {
  ...{ pending: 'pending', succeeded: 'registered', canceled: 'cancelled' },
};
const KINDS: Readonly<Record<string, ListedReceipt['kind']>> = {
  ...{ payment: 'sale', refund: 'return' },
};

/** One that names no operation, or is of a state that they have not told us of, is left out: it is asked about again. */
export function toListedReceipt(object: Json): readonly ListedReceipt[] {
  const [id, type, status] = ['id', 'type', 'status'].map((name) => textAt(object, name) ?? '');
  const [kind, state] = [entryOf(KINDS, type), entryOf(STATES, status)];
  const transaction = textAt(object, kind === 'return' ? 'refund_id' : 'payment_id');
  if (kind === undefined || state === undefined || transaction === undefined) return [];
  if (state !== 'registered') return [{ transaction, kind, state }];
  const device = textAt(object, 'fiscal_storage_number');
  const at = validDate(textAt(object, 'registered_at'));
  const facts = {
    ...{ transaction, kind, sign: textAt(object, 'fiscal_attribute') ?? '' },
    // Those of the self-employed have no fiscal document.
    document: textAt(object, 'fiscal_document_number') ?? id ?? '',
    ...(device === undefined ? {} : { device }),
    ...(at ? { at } : {}),
  };
  return [{ transaction, kind, state, facts }];
}
