import type { Clock } from '#clock';
import { textAt } from '#json';
import type {
  CardAnswer,
  CardCapabilities,
  CardGateway,
  PresentOrder,
  PresentOutcome,
} from '#payments/card-gateway';
import { type About, absent, createCardTalk, limitsOf, unknown } from '#payments/card-talk';
import { cancel, capture, chargeSaved, createCustomer, createPresented, refund } from './calls.ts';
import { createStripeTalk, type StripeTalk } from './client.ts';
import { inquire } from './inquire.ts';
import { list, listDisputes } from './lists.ts';
import { acknowledgement, readNotification } from './notifications.ts';
import { readCancelled, readCharge, readRefund, splitToken } from './outcomes.ts';
import type { StripeAccount } from './settings.ts';

export { declineCodes } from './decline-codes.ts';
export { type StripeAccount, StripeSecrets, StripeSettings } from './settings.ts';

const OWN_URL = 'https://api.stripe.com';
const SCRIPT = 'https://js.stripe.com/v3/';

const capabilities: CardCapabilities = {
  ...{ receipts: false, fiscal: 'none' },
  ...{ present: 'widget', cryptogram: false, twoStage: true, savedCards: true },
  ...{ refund: true, partialRefund: true, check: false, notifications: 'signed' },
  ...{
    list: true,
    disputes: 'pushed',
    inquiry: 'byOurId',
    idempotencyMs: 86_400_000,
    // Their 500 is kept with the key, and given again for a day.
    afterNotFound: 'newId',
  },
};

/** What may be read of an answer: nothing of the card or its holder, and not the secret of an intent. */
const SHOWN = [
  ...['object', 'status', 'amount', 'amount_received', 'amount_capturable', 'currency'],
  ...['livemode', 'created', 'type', 'code', 'decline_code', 'advice_code', 'param', 'has_more'],
  ...['failure_reason', 'reason', 'request_log_url'],
];

export interface StripeOptions {
  readonly name: string;
  readonly clock: Clock;
}

/** Stripe, by its official client: PaymentIntents, and nothing of its own subscriptions. */
export function createStripe(account: StripeAccount, options: StripeOptions): CardGateway {
  const { clock, name } = options;
  const { api_key, webhook_secrets } = account.secrets;
  const limits = limitsOf(account.settings, OWN_URL);
  const secrets = [api_key, ...webhook_secrets];
  const pool = createCardTalk({ ...options, ...limits, shown: SHOWN, secrets });
  const talk = createStripeTalk(pool, api_key);
  const webhooks = { stripe: talk.stripe, secrets: webhook_secrets, clock };
  return {
    ...{ name, capabilities, close: pool.close },
    longestMs: () => limits.longestMs(2),
    settleMs: () => limits.settleMs,
    present: (order) => present(talk, order, account),
    chargeCryptogram: absent,
    /** The script has done it already; what came of it is asked. */
    completeAuthentication: (order, { transaction }) =>
      talk.say(
        aboutOf('charge', order),
        ({ paymentIntents }) =>
          paymentIntents.retrieve(transaction, { expand: ['latest_charge.balance_transaction'] }),
        readCharge,
      ),
    chargeSaved(order) {
      const card = splitToken(order.token);
      if (!card) return absent();
      return talk.say(
        aboutOf('charge', order),
        (stripe) => chargeSaved(stripe, order, card),
        readCharge,
      );
    },
    confirm: (operation) =>
      talk.say(aboutOf('confirm', operation), (stripe) => capture(stripe, operation), readCharge),
    void: (operation) =>
      talk.say(aboutOf('void', operation), (stripe) => cancel(stripe, operation), readCancelled),
    refund: (operation) =>
      talk.say(aboutOf('refund', operation), (stripe) => refund(stripe, operation), readRefund),
    inquire: (question) => inquire({ talk, clock, question }),
    list: (span) => list(talk, span),
    listDisputes: (span) => listDisputes(talk, span),
    async forgetCard({ token }) {
      const method = splitToken(token)?.method;
      if (method === undefined) return;
      const about = { kind: 'void', reference: '' } as const;
      await talk.say(
        about,
        ({ paymentMethods }) => paymentMethods.detach(method),
        () => unknown('detached'),
      );
    },
    readNotification: (notification) => readNotification(notification, webhooks),
    acknowledgement,
  };
}

async function present(
  talk: StripeTalk,
  order: PresentOrder,
  { settings }: StripeAccount,
): Promise<CardAnswer<PresentOutcome>> {
  const about = aboutOf('present', order);
  const made = order.saveCard
    ? await talk.say(
        about,
        (stripe) => createCustomer(stripe, order),
        (json) => withText('customer', textAt(json, 'id')),
      )
    : undefined;
  const log = made?.log ?? [];
  if (made && made.result.outcome !== 'customer') {
    // Nothing of money has begun: without its customer a card can't be kept.
    return { result: noPage(made.result), log };
  }
  const customer = made?.result.outcome === 'customer' ? made.result.text : undefined;
  const said = await talk.say(
    about,
    (stripe) => createPresented(stripe, order, customer),
    (json) => withText('intent', textAt(json, 'client_secret')),
  );
  const result: PresentOutcome =
    said.result.outcome === 'intent'
      ? presented(said.result.text, order, settings)
      : noPage(said.result);
  return { result, log: [...log, ...said.log] };
}

function withText<Name extends string>(outcome: Name, text: string | undefined) {
  return text === undefined ? unknown('unreadable') : { outcome, text };
}

function noPage(result: { readonly outcome: string }): PresentOutcome {
  switch (result.outcome) {
    case 'declined':
    case 'not_sent':
    case 'unknown':
      return result as PresentOutcome;
    default:
      return unknown('unreadable');
  }
}

function presented(
  clientSecret: string,
  order: PresentOrder,
  settings: StripeAccount['settings'],
): PresentOutcome {
  const parameters = {
    ...{ publishableKey: settings.publishable_key, clientSecret },
    ...{ returnUrl: order.returnUrl, locale: order.locale },
  };
  const script = settings.script ?? SCRIPT;
  return {
    outcome: 'presented',
    presentation: { kind: 'widget', manner: 'stripe-elements', script, parameters },
  };
}

function aboutOf(
  kind: About['kind'],
  order: { readonly payment: string; readonly amountMinor: bigint; readonly currency: string },
): About {
  const { amountMinor, currency, payment } = order;
  return { kind, reference: payment, amountMinor, currency };
}
