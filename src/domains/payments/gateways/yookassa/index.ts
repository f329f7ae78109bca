import type { Clock } from '#clock';
import { at, isList, listAt, textAt } from '#json';
import type {
  CardAnswer,
  CardCapabilities,
  CardGateway,
  PresentOutcome,
} from '#payments/card-gateway';
import {
  type About,
  type Answer,
  absent,
  createCardTalk,
  fail,
  type GatewayRequest,
  limitsOf,
  refused,
  unknown,
} from '#payments/card-talk';
import { inquire } from './inquire.ts';
import { listPath, toListed } from './lists.ts';
import { acknowledgement, matcherOf, readNotification } from './notifications.ts';
import { readCancelled, readCharge, readObject, readRefunded } from './outcomes.ts';
import { receiptsPath, toListedReceipt } from './receipts.ts';
import { cancel, capture, createPresented, createSaved, get, OWN_URL, refund } from './requests.ts';
import type { YooKassaAccount } from './settings.ts';

export { cancellationReasons } from './reasons.ts';
export { type YooKassaAccount, YooKassaSecrets, YooKassaSettings } from './settings.ts';

const capabilities: Omit<CardCapabilities, 'fiscal'> = {
  receipts: true,
  ...{ present: 'redirect', cryptogram: false, twoStage: true, savedCards: true },
  ...{ refund: true, partialRefund: true, check: false, notifications: 'hint' },
  ...{
    list: true,
    disputes: 'none',
    inquiry: 'byOurId',
    idempotencyMs: 86_400_000,
    afterNotFound: 'sameId',
  },
};

/** What may be read of an answer: nothing of the card, of its holder or of the saved method. */
const SHOWN = [
  ...['type', 'code', 'parameter', 'status', 'value', 'currency', 'paid', 'refundable', 'test'],
  ...['party', 'reason', 'created_at', 'captured_at', 'payment_id', 'next_cursor'],
];

export interface YooKassaOptions {
  readonly name: string;
  readonly clock: Clock;
}

/** YooKassa, version 3 of its API. */
export function createYooKassa(account: YooKassaAccount, options: YooKassaOptions): CardGateway {
  const limits = limitsOf(account.settings, OWN_URL);
  const secrets = [account.secrets.secret_key];
  const talk = createCardTalk({ ...options, ...limits, shown: SHOWN, secrets });
  const isTheirs = matcherOf(account);

  async function say<Result extends { readonly outcome: string }>(
    request: GatewayRequest,
    about: About,
    read: (answer: Answer) => Result,
  ) {
    const { entry, result } = await talk.ask(request, about, read);
    return { result, log: [entry] };
  }

  return {
    ...{ name: options.name, close: talk.close },
    capabilities: { ...capabilities, fiscal: account.receipts ? 'asked' : 'none' },
    longestMs: () => limits.longestMs(1),
    settleMs: () => limits.settleMs,
    present: (order): Promise<CardAnswer<PresentOutcome>> =>
      say(createPresented(order, account), aboutOf('present', order), readPresented),
    ...{ chargeCryptogram: absent, completeAuthentication: absent },
    chargeSaved: (order) => say(createSaved(order, account), aboutOf('charge', order), readCharge),
    confirm: (operation) =>
      say(capture(operation, account), aboutOf('confirm', operation), readCharge),
    void: (operation) => say(cancel(operation, account), aboutOf('void', operation), readCancelled),
    refund: (operation) =>
      say(refund(operation, account), aboutOf('refund', operation), readRefunded),
    inquire: (question) => inquire({ talk, account, clock: options.clock, question }),
    async list({ from, page, to }) {
      // Payments first, then refunds: a page is named by which of them, and their cursor.
      const [, what, cursor] = /^(payments|refunds):(.*)$/s.exec(page ?? '') ?? [];
      const kind = what === 'refunds' ? 'refund' : 'payment';
      const path = listPath({ what: `${kind}s`, from, to, cursor: cursor || undefined });
      const about = { kind: 'inquiry', reference: '' } as const;
      const { result } = await talk.ask(get(account, path), about, readObject);
      if (result.outcome !== 'object' || !isList(at(result.object, 'items'))) {
        throw fail(
          'gateway_list_unreadable',
          `The list of ${kind}s did not come. Try again later.`,
        );
      }
      const transactions = listAt(result.object, 'items').flatMap((one) => toListed(one, kind));
      const next = textAt(result.object, 'next_cursor');
      if (next !== undefined) return { transactions, next: `${kind}s:${next}` };
      return kind === 'payment' ? { transactions, next: 'refunds:' } : { transactions };
    },
    async listReceipts(asked) {
      const reference = 'transaction' in asked ? asked.transaction : '';
      const about = { kind: 'inquiry', reference } as const;
      const { result } = await talk.ask(get(account, receiptsPath(asked)), about, readObject);
      if (result.outcome !== 'object' || !isList(at(result.object, 'items'))) {
        throw fail(
          'gateway_list_unreadable',
          'The list of receipts did not come. Try again later.',
        );
      }
      const receipts = listAt(result.object, 'items').flatMap(toListedReceipt);
      const next = textAt(result.object, 'next_cursor');
      return { receipts, ...(next === undefined ? {} : { next }) };
    },
    readNotification: (notification) => readNotification(notification, isTheirs),
    acknowledgement,
  };
}

function aboutOf(
  kind: About['kind'],
  order: { readonly payment: string; readonly amountMinor: bigint; readonly currency: string },
): About {
  const { amountMinor, currency, payment } = order;
  return { kind, reference: payment, amountMinor, currency };
}

/** Repeated, it leads to the same page. Without one there is nothing to be led to: it was paid, or refused. */
function readPresented(answer: Answer): PresentOutcome {
  const outcome = readCharge(answer);
  switch (outcome.outcome) {
    case 'authentication': {
      const { transaction, url } = outcome;
      return { outcome: 'presented', presentation: { kind: 'redirect', url, transaction } };
    }
    case 'declined':
    case 'not_sent':
    case 'unknown':
      return outcome;
    case 'pending':
      return unknown('no_page');
    case 'accepted':
    case 'authorized':
      return unknown('paid_already');
    default:
      return refused('unreadable');
  }
}
