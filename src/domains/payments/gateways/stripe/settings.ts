import { type Static, Type } from 'typebox';
import { commonSettings, SecretText } from '#payments/card-talk';

export const StripeSettings = Type.Object(
  {
    ...commonSettings,
    publishable_key: Type.String({
      ...{ minLength: 4, maxLength: 300, pattern: '^[\\w-]+$' },
      description: 'The key that the page shows: `pk_…`.',
    }),
    script: Type.Optional(
      Type.String({
        ...{ pattern: '^https?://[^\\s"<>]+$', maxLength: 300 },
        description: "Another address of the page's script: a simulator.",
      }),
    ),
  },
  { additionalProperties: false },
);

export const StripeSecrets = Type.Object(
  {
    api_key: SecretText,
    webhook_secrets: Type.Array(SecretText, {
      ...{ minItems: 1, maxItems: 4 },
      description: 'Of the endpoint, `whsec_…`; while it is changed the old one too.',
    }),
  },
  { additionalProperties: false },
);

export interface StripeAccount {
  readonly settings: Static<typeof StripeSettings>;
  readonly secrets: Static<typeof StripeSecrets>;
}
