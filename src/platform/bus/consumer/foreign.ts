import { createHash } from 'node:crypto';
import type { TakenRow } from '#bus/store';

/**
 * Ids of messages that another system sent may be any text, and our tables have UUIDs. Such a message is stored
 * under a UUID of version 5, made of its topic and its id, with the id itself behind its source.
 */
export function foreignId(topic: string, id: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(`${topic}\n${id}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}`;
}

/** What `source` becomes: no source of ours has a space. */
export function foreignSource(source: string, id: string): string {
  return `${source.replaceAll(/\s/g, '_')} ${id}`;
}

/** The id by which the sender knows it. */
export function idOf(row: Pick<TakenRow, 'message_id' | 'source'>): string {
  const at = isForeign(row) ? row.source.indexOf(' ') : -1;
  return at < 0 ? row.message_id : row.source.slice(at + 1);
}

export function sourceOf(row: Pick<TakenRow, 'message_id' | 'source'>): string {
  const at = isForeign(row) ? row.source.indexOf(' ') : -1;
  return at < 0 ? row.source : row.source.slice(0, at);
}

/** Ids of ours are of version 7. What is none may be somebody else's, whatever it says of itself. */
export function mayBeForeign({ message_id }: Pick<TakenRow, 'message_id'>): boolean {
  return message_id[VERSION_AT] !== '7';
}

const NAMESPACE = Buffer.from('5f0c4a1e8d9b4a6c9f3e2b7d61c4e0aa', 'hex');
const VERSION_AT = 14;

function isForeign({ message_id }: Pick<TakenRow, 'message_id'>): boolean {
  return message_id[VERSION_AT] === '5';
}
