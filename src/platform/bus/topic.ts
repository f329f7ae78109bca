import type { TSchema } from 'typebox';

/**
 * A named stream of messages of one shape. The value stands in the door of the lowest domain that publishes
 * or consumes it; other systems integrate with its name.
 */
export interface Topic<Payload> {
  readonly name: string;
  readonly schema: TSchema;
  readonly description: string;
  /** Messages of one key are handled in the order of their publication. Excludes priorities and delays. */
  readonly ordered: boolean;
  /** Number of priority classes: 1 means none; with 3, `priority` may be 0 (last) to 2 (first). */
  readonly priorities: number;
  /** Only carries the type. */
  readonly payload?: Payload;
}

export interface TopicOptions {
  readonly schema: TSchema;
  readonly description: string;
  readonly ordered?: boolean;
  readonly priorities?: number;
}

export function defineTopic<Payload>(name: string, options: TopicOptions): Topic<Payload> {
  const { schema, description, ordered = false, priorities = 1 } = options;
  if (ordered && priorities > 1)
    throw new Error(`must hold: ordered topic ${name} has no priorities`);
  return { name, schema, description, ordered, priorities };
}
