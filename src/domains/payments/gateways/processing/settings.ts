import { type Static, Type } from 'typebox';
import { commonSettings } from '#payments/card-talk';

export const ProcessingSettings = Type.Object(
  {
    ...commonSettings,
    inquiry: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('repeatIsSafe')], {
        default: 'none',
        description:
          'How a lost answer is cleared up: `repeatIsSafe` where the service executes an id only once, `none` where it knows no ids.',
      }),
    ),
    refunds: Type.Optional(
      Type.Boolean({
        description: 'The service gives money back when it is asked with `type=refund`.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** It asks nobody who they are. */
export const ProcessingSecrets = Type.Object({}, { additionalProperties: false });

export interface ProcessingAccount {
  readonly settings: Static<typeof ProcessingSettings>;
}
