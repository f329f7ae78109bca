import type { Route } from '#bus/carrier';
import { LANES } from '#bus/key-hash';
import type { QueueRow } from '#bus/store';
import type { Channel } from './client.ts';

/** A queue of the broker that holds one class, or one lane, of a group. */
export interface Place {
  /** The class; of an ordered topic the lane. */
  readonly slot: number;
  readonly name: string;
  /** What its messages are sent with. */
  readonly routingKey: string;
  /** What it is bound by: that, and of one of a group's queues what others may send without a routing key. */
  readonly boundBy: readonly string[];
}

/** Without a routing key, as others may send: the class that is taken last, or the first lane. */
const FOREIGN_KEY = '';

type Shape = Pick<QueueRow, 'topic' | 'ordered' | 'priorities'>;

/** The broker's queues of one group. A topic is an exchange of its name. */
export function placesOf(shape: Shape, group: string): readonly Place[] {
  const { ordered, priorities, topic } = shape;
  const count = ordered ? LANES : priorities;
  return Array.from({ length: count }, (_, slot) => {
    const routingKey = routingKeyOf(shape, slot);
    const suffix = ordered || priorities > 1 ? `.${routingKey}` : '';
    const takesForeign = ordered ? slot === 0 : slot === priorities - 1;
    const boundBy = takesForeign ? [routingKey, FOREIGN_KEY] : [routingKey];
    return { slot, name: `${topic}.${group}${suffix}`, routingKey, boundBy };
  });
}

/** `p0` is the class that is taken last; `l0` to `l15` are lanes. */
export function routingKeyOf({ ordered, priorities }: Shape, slot: number): string {
  return ordered ? `l${slot}` : `p${priorities - 1 - slot}`;
}

/** Makes the exchange of a topic and the queues of its groups. Declaring again what is there changes nothing. */
export async function declareRoute(channel: Channel, route: Route): Promise<void> {
  const { topic, ordered, priorities } = route;
  await channel.exchangeDeclare({ exchange: topic, type: 'direct', durable: true });
  for (const { name } of route.groups) {
    const places = placesOf({ topic, ordered, priorities }, name);
    for (const { name: queue, boundBy } of places) {
      const single = ordered ? { 'x-single-active-consumer': true } : {};
      await channel.queueDeclare({
        ...{ queue, durable: true },
        arguments: { 'x-queue-type': 'quorum', ...single },
      });
      for (const routingKey of boundBy)
        await channel.queueBind({ exchange: topic, queue, routingKey });
    }
  }
}
