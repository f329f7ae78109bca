import { type Static, Type } from 'typebox';
import { defineTopic } from '#bus';

export const ContentEvent = Type.Object({
  event: Type.Union([
    Type.Literal('delivered'),
    Type.Literal('opened'),
    /** The link was asked for and not opened. */
    Type.Literal('refused'),
  ]),
  msisdn: Type.String(),
  subscription: Type.String(),
  bill: Type.String({ description: 'sub_…/period: the bill that the delivery is for' }),
  item: Type.String({ description: "the item's title" }),
  reason: Type.Optional(Type.String({ description: 'used, expired, or why there is no access' })),
  at: Type.String({ format: 'date-time' }),
});
export type ContentEvent = Static<typeof ContentEvent>;

export const contentEvents = defineTopic<ContentEvent>('content_events', {
  schema: ContentEvent,
  description: 'What happens to deliveries of content.',
});
