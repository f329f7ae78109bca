import { type Static, Type } from 'typebox';
import type { ReceiptSettings } from '#payments/card-gateway';
import { commonSettings, SecretText } from '#payments/card-talk';

export const CloudPaymentsSettings = Type.Object(
  {
    ...commonSettings,
    public_id: Type.String({
      ...{ minLength: 4, maxLength: 100, pattern: '^[\\w-]+$' },
      description: 'The Public ID of the site, from its cabinet.',
    }),
    widget: Type.Optional(
      Type.Union([Type.Literal('start'), Type.Literal('pay')], {
        default: 'start',
        description: 'The generation of the widget: `start` is the current one, `pay` the older.',
      }),
    ),
    widget_script: Type.Optional(
      Type.String({
        ...{ pattern: '^https?://[^\\s"<>]+$', maxLength: 300 },
        description: "Another address of the widget's script: another region, a simulator.",
      }),
    ),
    currency: Type.Optional(
      Type.String({
        ...{ pattern: '^[A-Z]{3}$', default: 'RUB' },
        description: 'What an amount is in where they do not say it: refunds and voids.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const CloudPaymentsSecrets = Type.Object(
  { api_secret: SecretText },
  { additionalProperties: false },
);

export interface CloudPaymentsAccount {
  readonly settings: Static<typeof CloudPaymentsSettings>;
  readonly secrets: Static<typeof CloudPaymentsSecrets>;
  readonly receipts?: ReceiptSettings | undefined;
}

/** The currency of an amount that comes without one. */
export function silentCurrency({ settings }: CloudPaymentsAccount): string {
  return settings.currency ?? 'RUB';
}
