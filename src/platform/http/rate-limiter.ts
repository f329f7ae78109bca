import { isIPv6 } from 'node:net';
import { bareAddress } from './address.ts';
import { fail } from './errors.ts';

/** Counts in this process only: it keeps forms from being hammered, it is no promise to anybody. */
export interface RateLimiter {
  /** Takes one of the minute's requests of `address`; throws `rate_limited` when there is none left. */
  take(address: string): void;
}

export interface RateLimiterOptions {
  readonly perMinute: number;
  /** How many addresses are remembered; beyond it the one that was quiet longest starts afresh. */
  readonly entriesMax?: number;
  readonly nowMs?: () => number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const ENTRIES_MAX = 50_000;
const MINUTE_MS = 60_000;

/** A bucket per address that holds a minute's worth and fills evenly. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { perMinute, entriesMax = ENTRIES_MAX, nowMs = () => performance.now() } = options;
  const buckets = new Map<string, Bucket>();
  return {
    take(address) {
      const key = networkOf(address);
      const atMs = nowMs();
      const bucket = buckets.get(key) ?? { tokens: perMinute, atMs };
      bucket.tokens = Math.min(
        perMinute,
        bucket.tokens + ((atMs - bucket.atMs) * perMinute) / MINUTE_MS,
      );
      bucket.atMs = atMs;
      // Deleted and set again, a key moves to the young end: the first key is the quietest.
      buckets.delete(key);
      if (buckets.size >= entriesMax) forgetQuietest(buckets);
      buckets.set(key, bucket);
      if (bucket.tokens < 1)
        throw limited(Math.ceil(((1 - bucket.tokens) * MINUTE_MS) / perMinute / 1000));
      bucket.tokens -= 1;
    },
  };
}

function limited(retryAfterSeconds: number) {
  return fail('rate_limited', `Too many requests. Try again in ${retryAfterSeconds} s.`, {
    details: { retryAfterSeconds },
  });
}

function forgetQuietest(buckets: Map<string, Bucket>): void {
  const [quietest] = buckets.keys();
  if (quietest !== undefined) buckets.delete(quietest);
}

/** A household has a /64 of IPv6 and may use any address in it, so that is what counts as one. */
export function networkOf(address: string): string {
  const bare = bareAddress(address);
  if (!isIPv6(bare)) return bare;
  const [head = '', tail] = bare.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
