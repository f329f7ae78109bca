import type { Static, TSchema } from 'typebox';
import type { Clock } from '#clock';
import type { CardGateway, ReceiptSettings } from '#payments/card-gateway';
import { createReader, fail } from '#payments/card-talk';
import {
  CloudPaymentsSecrets,
  CloudPaymentsSettings,
  createCloudPayments,
} from './cloudpayments/index.ts';
import { createProcessing, ProcessingSecrets, ProcessingSettings } from './processing/index.ts';
import { createStripe, StripeSecrets, StripeSettings } from './stripe/index.ts';
import { createYooKassa, YooKassaSecrets, YooKassaSettings } from './yookassa/index.ts';

/** What a card gateway of some kind is made of. `settings` may be shown, `secrets` never. */
export interface CardGatewayOptions {
  /** As the house knows it: payments, logs and the address of its notifications carry it. */
  readonly name: string;
  readonly settings: unknown;
  readonly secrets: unknown;
  /** Absent: it sends no fiscal receipts. */
  readonly receipts?: ReceiptSettings | undefined;
  readonly clock: Clock;
}

/** A kind of card gateway, as staff choose it. */
export interface CardGatewayKind {
  readonly title: string;
  /** Under `docs/`. */
  readonly page: string;
  readonly settings: TSchema;
  readonly secrets: TSchema;
  /** Throws `gateway_settings_invalid`, naming each field. */
  create(options: CardGatewayOptions): CardGateway;
}

interface KindOf<Settings extends TSchema, Secrets extends TSchema> {
  readonly title: string;
  readonly page: string;
  readonly settings: Settings;
  readonly secrets: Secrets;
  create(
    account: {
      readonly settings: Static<Settings>;
      readonly secrets: Static<Secrets>;
      readonly receipts?: ReceiptSettings | undefined;
    },
    options: { readonly name: string; readonly clock: Clock },
  ): CardGateway;
}

function defineKind<Settings extends TSchema, Secrets extends TSchema>(
  kind: KindOf<Settings, Secrets>,
): CardGatewayKind {
  const { page, title } = kind;
  const readSettings = createReader(kind.settings, 'settings');
  const readSecrets = createReader(kind.secrets, 'secrets');
  return {
    ...{ title, page, settings: kind.settings, secrets: kind.secrets },
    create: ({ clock, name, receipts, secrets, settings }) =>
      kind.create(
        { settings: readSettings(settings), secrets: readSecrets(secrets), receipts },
        { name, clock },
      ),
  };
}

/** Every kind of card gateway, by the name that the API knows. */
export const cardGatewayKinds: Readonly<Record<string, CardGatewayKind>> = {
  cloudpayments: defineKind({
    ...{ title: 'CloudPayments', page: 'gateways/cloudpayments.md', create: createCloudPayments },
    ...{ settings: CloudPaymentsSettings, secrets: CloudPaymentsSecrets },
  }),
  stripe: defineKind({
    ...{ title: 'Stripe', page: 'gateways/stripe.md', create: createStripe },
    ...{ settings: StripeSettings, secrets: StripeSecrets },
  }),
  yookassa: defineKind({
    ...{ title: 'YooKassa', page: 'gateways/yookassa.md', create: createYooKassa },
    ...{ settings: YooKassaSettings, secrets: YooKassaSecrets },
  }),
  processing: defineKind({
    ...{ title: 'processing', page: 'gateways/processing.md', create: createProcessing },
    ...{ settings: ProcessingSettings, secrets: ProcessingSecrets },
  }),
};

/** Makes a card gateway. Throws `gateway_kind_unknown` or `gateway_settings_invalid`, naming each field. */
export function createCardGateway(kind: string, options: CardGatewayOptions): CardGateway {
  const found = Object.hasOwn(cardGatewayKinds, kind) ? cardGatewayKinds[kind] : undefined;
  if (found) return found.create(options);
  const known = Object.keys(cardGatewayKinds).join(', ');
  throw fail('gateway_kind_unknown', `There is no kind of gateway ${kind}. There are: ${known}.`, {
    faults: [{ field: 'kind', message: `one of ${known}` }],
  });
}
