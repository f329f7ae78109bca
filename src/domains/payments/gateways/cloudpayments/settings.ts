import { type Static, Type } from 'typebox';
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
    taxation_system: Type.Optional(
      Type.Integer({
        ...{ minimum: 0, maximum: 5 },
        description: 'Of the receipts (54-FZ), by their numbers; without it the register decides.',
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
}

/** The currency of an amount that comes without one. */
export function silentCurrency({ settings }: CloudPaymentsAccount): string {
  return settings.currency ?? 'RUB';
}
