import { amqpHandshake } from './amqp-handshake.ts';
import { kafkaHandshake } from './kafka-handshake.ts';

/** Whether a broker is there, by its own word: a port can be open long before its broker works. */
export type Handshake =
  | { readonly outcome: 'answers'; readonly software: string }
  | { readonly outcome: 'silent'; readonly reason: string };

const LIMIT_MS = 5_000;

/** Asks the broker at an `amqp:`, `amqps:` or `kafka:` URL for what any client asks first. Never throws. */
export async function shakeHands(url: string, limitMs = LIMIT_MS): Promise<Handshake> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const software = await choose(url)(url, signal);
    return { outcome: 'answers', software };
  } catch (error) {
    const late = signal.aborted ? `no answer within ${limitMs / 1000} s` : undefined;
    return { outcome: 'silent', reason: late ?? (error as Error).message };
  }
}

function choose(url: string): (url: string, signal: AbortSignal) => Promise<string> {
  if (/^amqps?:\/\//.test(url)) return amqpHandshake;
  if (/^kafka:\/\//.test(url)) return kafkaHandshake;
  throw new Error('only amqp://, amqps:// and kafka:// name a broker');
}
