import type { QueueRow } from '#bus/store';

type Shape = Pick<QueueRow, 'topic' | 'ordered' | 'priorities'>;

/** The topic of the cluster that holds one class. */
export function topicOf({ topic, priorities }: Shape, slot: number): string {
  return priorities > 1 ? `${topic}.p${priorities - 1 - slot}` : topic;
}

export function topicsOf(shape: Shape): readonly string[] {
  return Array.from({ length: shape.priorities }, (_, slot) => topicOf(shape, slot));
}

/** The group in which the cluster's own tools see how far a queue has read. */
export function groupOf({ topic, group_name }: Pick<QueueRow, 'topic' | 'group_name'>): string {
  return `${topic}.${group_name}`;
}
