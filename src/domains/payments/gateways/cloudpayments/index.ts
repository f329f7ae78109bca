import type { Clock } from '#clock';
import type {
  CardAnswer,
  CardCapabilities,
  CardGateway,
  CardOutcome,
} from '#payments/card-gateway';
import {
  type About,
  type Answer,
  type CardTalk,
  createCardTalk,
  type GatewayRequest,
  limitsOf,
  notSent,
  unknown,
} from '#payments/card-talk';
import { inquire } from './inquire.ts';
import {
  isLastPage,
  listPage,
  modelsOf,
  type Page,
  pageNumber,
  requirePage,
  toDispute,
  toListed,
} from './lists.ts';
import { acknowledgement, checkReply, readCheck, readNotification } from './notifications.ts';
import { readCharge, readOperation, readRefunded } from './outcomes.ts';
import { presentWidget } from './present.ts';
import {
  chargeByCryptogram,
  chargeByToken,
  finishAuthentication,
  letGo,
  OWN_URL,
  operate,
} from './requests.ts';
import { type CloudPaymentsAccount, silentCurrency } from './settings.ts';

export { reasonCodes } from './reason-codes.ts';
export {
  type CloudPaymentsAccount,
  CloudPaymentsSecrets,
  CloudPaymentsSettings,
} from './settings.ts';

const capabilities: CardCapabilities = {
  ...{ receipts: true, fiscal: 'told' },
  ...{ present: 'widget', cryptogram: true, twoStage: true, savedCards: true },
  ...{ refund: true, partialRefund: true, check: true, notifications: 'signed' },
  ...{
    list: true,
    disputes: 'listed',
    inquiry: 'byOurId',
    idempotencyMs: 3_600_000,
    afterNotFound: 'sameId',
  },
};

/** What may be read of an answer: nothing of the card, of its holder or of the token. */
const SHOWN = [
  ...['Success', 'Message', 'TransactionId', 'Amount', 'Currency', 'InvoiceId', 'Status'],
  ...['StatusCode', 'ReasonCode', 'Reason', 'OriginalTransactionId', 'TestMode'],
];

export interface CloudPaymentsOptions {
  readonly name: string;
  readonly clock: Clock;
}

/** CloudPayments, over its HTTP API as of August 2026. */
export function createCloudPayments(
  account: CloudPaymentsAccount,
  options: CloudPaymentsOptions,
): CardGateway {
  const limits = limitsOf(account.settings, OWN_URL);
  const secret = account.secrets.api_secret;
  const talk = createCardTalk({ ...options, ...limits, shown: SHOWN, secrets: [secret] });
  const currency = silentCurrency(account);
  const say = (request: GatewayRequest, about: About, read: (answer: Answer) => CardOutcome) =>
    sayOnce(talk, request, about, read);
  return {
    ...{ name: options.name, capabilities, close: talk.close },
    longestMs: () => limits.longestMs(1),
    settleMs: () => limits.settleMs,
    present: async (order) => ({
      result: { outcome: 'presented', presentation: presentWidget(order, account) },
      log: [],
    }),
    chargeCryptogram: (order) =>
      say(chargeByCryptogram(order, account), aboutOf('charge', order), (answer) =>
        readCharge(answer, currency, { termUrl: order.returnUrl }),
      ),
    completeAuthentication(order, { fields, transaction }) {
      const paRes = fields.PaRes;
      // What the browser brings proves nothing of the payment: without the bank's word there is nothing to ask.
      if (paRes === undefined || (fields.MD ?? transaction) !== transaction) {
        return Promise.resolve({ result: notSent('no_proof'), log: [] });
      }
      const request = finishAuthentication(order, { transaction, paRes }, account);
      return say(request, aboutOf('charge', order), (answer) => readCharge(answer, currency));
    },
    chargeSaved: (order) =>
      say(chargeByToken(order, account), aboutOf('charge', order), (answer) =>
        readCharge(answer, currency),
      ),
    confirm: (operation) =>
      say(operate('/payments/confirm', operation, account), aboutOf('confirm', operation), (said) =>
        readOperation(said, operation),
      ),
    void: (operation) =>
      say(letGo(operation, account), aboutOf('void', operation), (said) =>
        readOperation(said, operation),
      ),
    refund: (operation) =>
      say(operate('/payments/refund', operation, account), aboutOf('refund', operation), (said) =>
        readRefunded(said, operation),
      ),
    inquire: (question) => inquire({ talk, account, clock: options.clock, question }),
    ...listsOf(talk, account),
    readNotification: (notification) => readNotification(notification, account),
    readCheck: (notification) => readCheck(notification, account),
    ...{ acknowledgement, checkReply },
  };
}

function aboutOf(
  kind: About['kind'],
  {
    amountMinor,
    currency,
    payment,
  }: Omit<Required<About>, 'kind' | 'reference'> & {
    readonly payment: string;
  },
): About {
  return { kind, reference: payment, amountMinor, currency };
}

async function sayOnce(
  talk: CardTalk,
  request: GatewayRequest,
  about: About,
  read: (answer: Answer) => CardOutcome,
): Promise<CardAnswer> {
  const { entry, result } = await talk.ask(request, about, read);
  return { result, log: [entry] };
}

interface Span {
  readonly from: Date;
  readonly to: Date;
  readonly page?: string;
}

/** Their lists: pages of a hundred, the oldest first. */
function listsOf(talk: CardTalk, account: CloudPaymentsAccount) {
  async function pageOf(path: Page['path'], { from, page, to }: Span) {
    const number = pageNumber(page);
    const request = listPage(account, { path, from, to, page: number });
    const about = { kind: 'inquiry', reference: '' } as const;
    const { result } = await talk.ask(request, about, (answer) => {
      const models = modelsOf(answer);
      return models ? ({ outcome: 'page', models } as const) : unknown(`http_${answer.status}`);
    });
    if (result.outcome !== 'page') throw requirePage(result, path);
    const { models } = result;
    return { models, ...(isLastPage(models) ? {} : { next: String(number + 1) }) };
  }
  const currency = silentCurrency(account);
  return {
    async list(span: Span) {
      const { models, ...rest } = await pageOf('/v2/payments/list', span);
      return { transactions: models.flatMap((model) => toListed(model, currency)), ...rest };
    },
    async listDisputes(span: Span) {
      const { models, ...rest } = await pageOf('/chargebacks/list', span);
      return { disputes: models.flatMap(toDispute), ...rest };
    },
  };
}
