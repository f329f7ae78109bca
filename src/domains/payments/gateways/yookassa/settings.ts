import { type Static, Type } from 'typebox';
import type { ReceiptSettings } from '#payments/card-gateway';
import { commonSettings, SecretText } from '#payments/card-talk';

export const YooKassaSettings = Type.Object(
  {
    ...commonSettings,
    shop_id: Type.String({
      ...{ minLength: 1, maxLength: 50, pattern: '^\\d+$' },
      description: 'The number of the shop, from its cabinet.',
    }),
    notification_addresses: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 50,
        description:
          'Where their notifications come from, addresses or ranges, if not from those of their page.',
      }),
    ),
    notifications_from_loopback: Type.Optional(
      Type.Boolean({
        description:
          'Takes notifications from this machine too: for a simulator, or a proxy that hides where they came from.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const YooKassaSecrets = Type.Object(
  { secret_key: SecretText },
  { additionalProperties: false },
);

export interface YooKassaAccount {
  readonly settings: Static<typeof YooKassaSettings>;
  readonly secrets: Static<typeof YooKassaSecrets>;
  readonly receipts?: ReceiptSettings | undefined;
}
