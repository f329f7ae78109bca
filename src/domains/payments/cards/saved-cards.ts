import { createHash } from 'node:crypto';
import type { Sealer } from '#auth';
import type { Clock } from '#clock';
import type { Executor, Tx } from '#database';
import { formatId, type IdSource, parseId } from '#ids';
import type { SavedCard } from '#payments/card-gateway';
import { fail } from '#payments/errors';
import type { Keys, PaymentRow } from '#payments/store';
import {
  type CardRow,
  findCard,
  findCards,
  findKeptCards,
  insertCardChange,
  lockCards,
  markRemoved,
  setDefaultCard,
  upsertCard,
  withdrawPlanned,
} from './card-store.ts';

/** A card that its holder left with a gateway, as it is shown. */
export interface SavedCardView {
  readonly id: bigint;
  /** `card_…` */
  readonly card: string;
  readonly gateway: string;
  readonly brand: string;
  readonly mask: string;
  /** `2030-09`. */
  readonly expires: string | undefined;
  readonly fingerprint: string | undefined;
  readonly isDefault: boolean;
  readonly savedAt: Date;
}

/** A card whose holder is not known from the question. */
export interface KeptCard extends SavedCardView {
  readonly customerId: bigint;
}

export interface CardKey {
  readonly customerId: bigint;
  readonly id: bigint;
}

/** Who does something with a card, and why. */
interface Act {
  readonly customerId: bigint;
  readonly card: string;
  readonly actor: string;
}

export interface SavedCards {
  list(executor: Executor, customerId: bigint): Promise<readonly SavedCardView[]>;
  /** Throws `card_unknown`. */
  makeDefault(tx: Tx, act: Act): Promise<void>;
  /** Ends what was planned on it too, and answers that for whoever tells of it. */
  remove(
    tx: Tx,
    act: Act & { readonly reason: string },
  ): Promise<{
    readonly withdrawn: readonly string[];
    readonly ended: readonly (PaymentRow & { readonly gateway: string })[];
  }>;
  /** Keeps a card that a gateway has given a token for. The caller holds a payment of this customer. */
  keep(
    tx: Tx,
    card: { readonly customerId: bigint; readonly gateway: string; readonly card: SavedCard },
  ): Promise<bigint | undefined>;
  /** Those that are kept, of whichever customers. */
  find(executor: Executor, keys: readonly CardKey[]): Promise<readonly KeptCard[]>;
  /** In the order of the keys; undefined for a card that was removed. */
  tokensOf(executor: Executor, keys: readonly CardKey[]): Promise<readonly (string | undefined)[]>;
}

export interface SavedCardsOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly sealer: Sealer;
}

export function cardId(customerId: bigint, id: bigint): string {
  return formatId('card', { customerId, id });
}

export function createSavedCards({ clock, ids, sealer }: SavedCardsOptions): SavedCards {
  const ownerOf = (customerId: bigint, gateway: string) => `payments.card ${customerId} ${gateway}`;

  async function lockOne(tx: Tx, { card, customerId }: Act): Promise<CardRow | undefined> {
    const key = parseId('card', card, 'card');
    if (key.customerId !== customerId) throw unknown(card);
    const rows = await lockCards(tx, customerId);
    const found = rows.find(({ id }) => id === key.id);
    if (found) return found;
    if (await findCard(tx, { customerId, id: key.id })) return undefined;
    throw unknown(card);
  }

  const note = (tx: Tx, change: Pick<Act, 'actor' | 'customerId'> & Noted) => {
    const now = clock.now();
    return insertCardChange(tx, { ...change, id: ids.next(now.getTime()), at: now });
  };

  return {
    list: async (executor, customerId) => (await findCards(executor, customerId)).map(fromRow),
    async makeDefault(tx, act) {
      const row = await lockOne(tx, act);
      if (!row) throw unknown(act.card);
      if (row.is_default) return;
      const { actor, customerId } = act;
      await setDefaultCard(tx, { customerId, id: row.id });
      await note(tx, { actor, customerId, cardId: row.id, change: 'made_default', reason: null });
    },
    async remove(tx, act) {
      const row = await lockOne(tx, act);
      if (!row) return { withdrawn: [], ended: [] };
      const { actor, customerId, reason } = act;
      const now = clock.now();
      await markRemoved(tx, { customerId, id: row.id, now, reason });
      const withdrawn = await withdrawPlanned(tx, { customerId, cardId: row.id, now });
      await note(tx, { actor, customerId, cardId: row.id, change: 'removed', reason });
      return { withdrawn: withdrawn.map(({ reference }) => reference), ended: withdrawn };
    },
    async keep(tx, { card, customerId, gateway }) {
      const { token } = card;
      if (token === undefined) return undefined;
      const now = clock.now();
      const id = ids.next(now.getTime());
      const kept = await upsertCard(tx, {
        ...{ customerId, id, gateway, mask: card.mask, brand: card.brand, savedAt: now },
        sealedToken: sealer.seal(token, ownerOf(customerId, gateway)),
        tokenDigest: createHash('sha256').update(`${gateway} ${token}`).digest(),
        ...{ fingerprint: card.fingerprint ?? null, expires: card.expires ?? null },
      });
      if (kept === id)
        await note(tx, {
          ...{ actor: gateway, customerId, cardId: id, change: 'saved', reason: null },
        });
      return kept;
    },
    async find(executor, keys) {
      const rows = await findKeptCards(executor, toKeys(keys));
      return rows.map((row) => ({ ...fromRow(row), customerId: row.customer_id }));
    },
    async tokensOf(executor, keys) {
      const rows = await findKeptCards(executor, toKeys(keys));
      const byKey = new Map(rows.map((row) => [cardId(row.customer_id, row.id), row]));
      return keys.map(({ customerId, id }) => {
        const row = byKey.get(cardId(customerId, id));
        return row && sealer.open(row.sealed_token, ownerOf(customerId, row.gateway));
      });
    },
  };
}

function toKeys(keys: readonly CardKey[]): Keys {
  return { customers: keys.map((key) => key.customerId), ids: keys.map((key) => key.id) };
}

interface Noted {
  readonly cardId: bigint;
  readonly change: 'saved' | 'made_default' | 'removed';
  readonly reason: string | null;
}

function unknown(card: string) {
  return fail('card_unknown', `There is no card ${card} of this customer.`);
}

function fromRow(row: CardRow): SavedCardView {
  return {
    ...{ id: row.id, card: cardId(row.customer_id, row.id), gateway: row.gateway },
    ...{ brand: row.brand, mask: row.mask, expires: row.expires ?? undefined },
    ...{ fingerprint: row.fingerprint ?? undefined, isDefault: row.is_default },
    savedAt: row.saved_at,
  };
}
