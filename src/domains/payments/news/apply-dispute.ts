import type { Dispute } from '#payments/card-gateway';
import { paymentId } from '#payments/payment';
import { type GatewayMove, type MoveKind, moveId, postMoves, toTransfers } from '#payments/posting';
import { lockCardPayment } from '#payments/presented-store';
import { disputesOf, insertDispute } from '#payments/refunds';
import { applyRefund, findRefunded } from './apply-refund.ts';
import type { Applied, NewsContext } from './news-context.ts';

/**
 * A payer's bank takes back, or gives again. While it is disputed the money lies in an account of its own; what is lost is
 * given back as a refund would be, out of everybody's share.
 */
export async function applyDispute(
  context: NewsContext,
  gateway: string,
  dispute: Dispute,
): Promise<Applied> {
  const { clock, database, ledger, teller } = context;
  const refunded = await findRefunded(context, gateway, { ofTransaction: dispute.transaction });
  const charge = refunded && 'charge' in refunded ? refunded.charge : undefined;
  const moves = charge
    ? movesOf(gateway, dispute, paymentId(charge.customer_id, charge.id))
    : undefined;
  const transfers = moves && (await toTransfers(ledger, moves));
  await database.transaction(async (tx) => {
    // What opens it and what ends it may be told at one moment: each has to see the other.
    if (charge) await lockCardPayment(tx, { customerId: charge.customer_id, id: charge.id });
    const before = await disputesOf(tx, { gateway, transaction: dispute.transaction });
    const isNew = await insertDispute(tx, {
      ...{ gateway, id: dispute.id, transaction: dispute.transaction, kind: dispute.kind },
      ...{ customerId: charge?.customer_id ?? null, paymentId: charge?.id ?? null },
      ...{ amountMinor: dispute.amountMinor, currency: dispute.currency, at: dispute.at },
      ...{ reason: dispute.reason ?? null, now: clock.now() },
    });
    if (!isNew || !charge || !moves || !transfers) return;
    const kind = moveAfter(dispute, before);
    const at = moves.findIndex((move) => move.kind === kind);
    postMoves(ledger, tx, at < 0 ? [] : transfers.slice(at, at + 1));
    await teller.dispute(tx, { row: charge, gateway, dispute });
  });
  if (!charge) return 'unknown_order';
  if (dispute.kind !== 'lost') return 'disputed';
  const { amountMinor, at, currency, id, transaction } = dispute;
  const facts = { transaction: `dispute ${id}`, amountMinor, currency, at, test: false };
  const news = { news: 'refund', ofTransaction: transaction, state: 'accepted', facts } as const;
  const applied = await applyRefund(context, gateway, news, 'dispute');
  return applied === 'later' ? 'later' : 'disputed';
}

interface Earlier {
  readonly id: string;
  readonly kind: Dispute['kind'];
}

/** What has to be posted of it; undefined where that was done, or where nothing moves. */
function moveAfter({ id, kind }: Dispute, before: readonly Earlier[]): MoveKind | undefined {
  const isKnown = (known: Dispute['kind']) =>
    before.some((one) => one.kind === known && one.id === id);
  const isOver = isKnown('lost') || isKnown('won');
  switch (kind) {
    case 'fee':
      return 'dispute-fee';
    case 'opened':
      return isOver ? undefined : 'dispute-held';
    case 'lost':
      return isKnown('opened') && !isKnown('won') ? 'dispute-over' : undefined;
    case 'won': {
      if (isKnown('opened') && !isKnown('lost')) return 'dispute-over';
      // Some gateways tell it under another name than what was lost.
      return before.some((one) => one.kind === 'lost') ? 'dispute-won-late' : undefined;
    }
  }
}

const KINDS = ['dispute-fee', 'dispute-held', 'dispute-over', 'dispute-won-late'] as const;

function movesOf(gateway: string, dispute: Dispute, reference: string): readonly GatewayMove[] {
  const { amountMinor, currency, id } = dispute;
  return KINDS.map((kind) => ({
    ...{ id: moveId(kind, gateway, id), kind, reference, gateway, amountMinor, currency },
  }));
}
