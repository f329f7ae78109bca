/** Where an event stands in its story. Opaque but for its order: events are read on from behind it. */
export interface StoryPosition {
  /** Instant with microseconds, UTC, as `2026-11-20T14:06:34.120000Z`. */
  readonly at: string;
  /** UUID version 7 of the message that told it: orders events of one instant. */
  readonly messageId: string;
  /** Of one message that told several. */
  readonly place: number;
}

/** One line of a customer's story. */
export interface StoryEvent {
  readonly at: Date;
  /** What happened to what: `subscription.charged`, `payment.sending`, `sms.sent`, `hit.access`. */
  readonly kind: string;
  /** Public id of the thing: `sub_…`, `pay_…`, `sms_…`, a hit. */
  readonly subject: string;
  /** Facts for the reader, without secrets; names as in the topic's schema. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly position: StoryPosition;
}

/** An event among everybody's: `story` is the number it belongs to, or the hit while no number is known. */
export interface PipelineEvent extends StoryEvent {
  readonly story: string;
}

/** The name of a partner's story. */
export function clientStory(clientId: string): string {
  return `client:${clientId}`;
}

/** Names an event for whoever has to know whether it was seen before. */
export function eventKey({ position }: StoryEvent): string {
  return `${position.messageId}/${position.place}`;
}
