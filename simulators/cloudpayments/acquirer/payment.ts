import { createHash, randomBytes } from 'node:crypto';
import { type Acquirer, type Caller, refuse, type Site } from './acquirer.ts';
import { type Card, familyOf, isExpired } from './cards.ts';
import type { Answer } from './change.ts';
import { askMerchant } from './check.ts';
import { debitEntry } from './ledger.ts';
import { failFields, payFields } from './news.ts';
import { approved, noMoney } from './reasons.ts';
import type { Order, Token, Transaction } from './records.ts';
import { watchAuthorization } from './stages.ts';
import { recurrentOf } from './subscription-start.ts';
import { register } from './till.ts';

/** What is paid with: a card that was entered, or one that was kept. */
export interface Means {
  readonly card: Card;
  readonly token: Token | null;
}

/** Asks the merchant, then the holder where the card wants it, then the bank. */
export async function pay(caller: Caller, order: Order, means: Means): Promise<Answer> {
  const { acquirer, site } = caller;
  const transaction = newPayment(acquirer, site, order, means);
  const refusal = await askMerchant(acquirer, site, transaction);
  if (refusal !== approved) return decline(caller, transaction, { code: refusal });
  if (means.token === null && mustAsk(acquirer, transaction)) return askHolder(caller, transaction);
  return authorize(caller, transaction, means.token);
}

/** The holder is back from the bank's page with what the bank gave him. */
export function completeThreeDs(caller: Caller, transaction: Transaction, paRes: string): Answer {
  const { threeDs } = transaction;
  if (transaction.status !== 'AwaitingAuthentication' || threeDs === null) {
    return refuse('Transaction is not awaiting authentication');
  }
  if (paRes === threeDs.approve) return authorize(caller, { ...transaction, threeDs: null }, null);
  if (paRes !== threeDs.reject) return refuse('Invalid PaRes value');
  return decline(caller, { ...transaction, threeDs: null }, { code: 5206 });
}

function newPayment(
  acquirer: Acquirer,
  { publicId, settings }: Site,
  order: Order,
  { card, token }: Means,
): Transaction {
  return {
    ...order,
    ...{ id: acquirer.store.nextTransactionId(), site: publicId, type: 'Payment' },
    ...{ status: 'Declined', reasonCode: approved, retryAfterSeconds: null },
    ...{ testMode: settings.testMode, card, token: token?.token ?? null },
    ...{ createdMs: acquirer.clock.now(), authorizedMs: null, confirmedMs: null },
    ...{ authCode: null, rrn: null, feeMinor: 0, refundedMinor: 0, originalId: null },
    threeDs: null,
  };
}

function mustAsk({ board }: Acquirer, transaction: Transaction): boolean {
  const scenario =
    board.size === 0 ? undefined : board.take('authentication', factsOf(transaction));
  if (scenario !== undefined) return scenario.name === 'ask-holder';
  return familyOf(transaction.card).threeDs;
}

function askHolder(caller: Caller, transaction: Transaction): Answer {
  const [paReq, approve, reject] = [newWord(), newWord(), newWord()];
  const threeDs = { paReq, approve, reject };
  const waiting: Transaction = { ...transaction, status: 'AwaitingAuthentication', threeDs };
  const model = {
    ...{ TransactionId: transaction.id, PaReq: paReq, GoReq: null },
    ...{ ThreeDsSessionData: null, IFrameIsAllowed: true, FrameWidth: 480, FrameHeight: 560 },
    ...{ ThreeDsCallbackId: newWord(), EscrowAccumulationId: null },
  };
  return caller.settle({ success: false, message: null, model }, { transactions: [waiting] });
}

function newWord(): string {
  return randomBytes(18).toString('base64url');
}

function authorize(caller: Caller, transaction: Transaction, token: Token | null): Answer {
  const { acquirer, site } = caller;
  const scenario =
    acquirer.board.size === 0 ? undefined : acquirer.board.take('outcome', factsOf(transaction));
  if (scenario?.name === 'decline') {
    return decline(caller, transaction, { code: noMoney, ...scenario });
  }
  const code = scenario === undefined ? bankCode(acquirer, site, transaction, token) : approved;
  return code === approved ? accept(caller, transaction) : decline(caller, transaction, { code });
}

function bankCode(
  { clock }: Acquirer,
  site: Site,
  { card }: Transaction,
  token: Token | null,
): number {
  // A token is good for the terminal that made it.
  if (token !== null && token.site !== site.publicId) return 6025;
  if (card.isMistyped) return 5014;
  if (isExpired(card, clock.now())) return 5054;
  const family = familyOf(card);
  const fate = token === null ? family.first : family.token;
  return fate === 'approve' ? approved : noMoney;
}

function accept(caller: Caller, transaction: Transaction): Answer {
  const { acquirer, site } = caller;
  const nowMs = acquirer.clock.now();
  const kept = keepCard(site, transaction, nowMs);
  const taken: Transaction = {
    ...transaction,
    status: transaction.twoStage ? 'Authorized' : 'Completed',
    reasonCode: approved,
    token: kept?.token ?? transaction.token,
    authorizedMs: nowMs,
    confirmedMs: transaction.twoStage ? null : nowMs,
    authCode: `A${String(transaction.id).slice(-5)}`,
    rrn: String(transaction.id).padStart(12, '0'),
    feeMinor: transaction.twoStage ? 0 : feeOf(acquirer, transaction.amountMinor),
  };
  const recurrent = kept === undefined ? {} : recurrentOf(acquirer, taken, kept.token);
  const whole = recurrent.transaction ?? taken;
  if (whole.status === 'Authorized') watchAuthorization(acquirer, whole);
  const registered =
    whole.status === 'Completed'
      ? register(caller, whole, nowMs)
      : { receipts: [], notifications: [] };
  return caller.settle(
    { success: true, message: null, transaction: whole },
    {
      transactions: [whole],
      ...(kept === undefined ? {} : { tokens: [kept] }),
      ...(whole.status === 'Completed'
        ? { entries: [debitEntry(acquirer.store, whole, nowMs)], receipts: registered.receipts }
        : {}),
      ...(recurrent.subscriptions === undefined ? {} : { subscriptions: recurrent.subscriptions }),
      notifications: [
        ...acquirer.notifier.make(site, 'Pay', whole, payFields(whole)),
        ...registered.notifications,
      ],
    },
  );
}

export function feeOf({ settings }: Acquirer, amountMinor: number): number {
  return Math.round((amountMinor * settings.feeBasisPoints) / 10_000);
}

function keepCard(site: Site, transaction: Transaction, nowMs: number): Token | undefined {
  const { accountId, card, saveCard, token } = transaction;
  const { saveCards } = site.settings;
  const isWanted = saveCards === 'always' || (saveCards === 'asked' && saveCard);
  if (accountId === null || token !== null || !isWanted) return undefined;
  const hash = createHash('sha256').update([site.publicId, accountId, card.id].join('\n'));
  const word = `tk_${hash.digest('hex').slice(0, 32)}`;
  return { token: word, site: site.publicId, accountId, card, createdMs: nowMs };
}

function decline(
  caller: Caller,
  transaction: Transaction,
  why: { readonly code: number; readonly retryAfterSeconds?: number },
): Answer {
  const { acquirer, site } = caller;
  const retryAfterSeconds = why.retryAfterSeconds ?? null;
  const declined: Transaction = {
    ...transaction,
    ...{ status: 'Declined', reasonCode: why.code, retryAfterSeconds },
  };
  const notifications = acquirer.notifier.make(site, 'Fail', declined, failFields(declined));
  return caller.settle(
    { success: false, message: null, transaction: declined },
    { transactions: [declined], notifications },
  );
}

function factsOf(transaction: Transaction) {
  return {
    ...{ publicId: transaction.site, amountMinor: transaction.amountMinor },
    ...{ cardId: transaction.card.id, token: transaction.token ?? undefined },
    accountId: transaction.accountId ?? undefined,
    invoiceId: transaction.invoiceId ?? undefined,
  };
}
