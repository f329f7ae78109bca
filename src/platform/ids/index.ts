import { randomBytes } from 'node:crypto';
import { AppError } from '#errors';

/**
 * Ids of rows are bigints that grow with time: 41 bits of milliseconds since 2020, 10 bits of the process,
 * 12 bits of a counter. They fit an operator's 20-digit transaction id, keep indexes growing at one end,
 * and can be made before the row is written, so that a retry finds what it made before.
 */
export interface IdSource {
  next(nowMs: number): bigint;
}

const EPOCH_MS = Date.UTC(2020, 0, 1);
const PROCESS_BITS = 10n;
const COUNTER_BITS = 12n;
const COUNTER_MAX = (1 << 12) - 1;
const PROCESS_COUNT = 1 << 10;

/** `processNumber` must differ between processes that run at once (it is taken modulo 1024). */
export function createIdSource(processNumber: number): IdSource {
  const process = BigInt(processNumber % PROCESS_COUNT) << COUNTER_BITS;
  let lastMs = 0;
  let counter = 0;
  return {
    next(nowMs) {
      // A clock that steps back, or more than 4096 ids in a millisecond, borrows from the next one.
      if (nowMs > lastMs) {
        lastMs = nowMs;
        counter = 0;
      } else if (counter === COUNTER_MAX) {
        lastMs += 1;
        counter = 0;
      } else counter += 1;
      const ms = BigInt(lastMs - EPOCH_MS);
      return (ms << (PROCESS_BITS + COUNTER_BITS)) | process | BigInt(counter);
    },
  };
}

/** No id that was made from this moment on is smaller, and every one from before it is. */
export function firstIdAt(at: Date): bigint {
  return BigInt(Math.max(at.getTime() - EPOCH_MS, 0)) << (PROCESS_BITS + COUNTER_BITS);
}

// Base 32 as JavaScript writes it (0-9, a-v), so that `x` is free to part the two keys.
const SEPARATOR = 'x';
const DIGITS_PER_CHUNK = 10; // 50 bits: exact in a double
const CHUNK = 1n << 50n;
const KEY_MAX = 0x7fff_ffff_ffff_ffffn;

function encode(value: bigint): string {
  return value.toString(32);
}

function decode(text: string): bigint | undefined {
  const low = Number.parseInt(text.slice(-DIGITS_PER_CHUNK), 32);
  const high =
    text.length > DIGITS_PER_CHUNK ? Number.parseInt(text.slice(0, -DIGITS_PER_CHUNK), 32) : 0;
  const value = BigInt(high) * CHUNK + BigInt(low);
  return value <= KEY_MAX ? value : undefined;
}

/** Both keys of a row that belongs to a customer: the customer's first, so that a cluster knows where it lies. */
export interface CustomerKey {
  readonly customerId: bigint;
  readonly id: bigint;
}

/** `sub_1k9x0c7…`: prefix, customer, `x`, id. Whoever holds it can find the row without a search. */
export function formatId(prefix: string, key: CustomerKey): string {
  return `${prefix}_${encode(key.customerId)}${SEPARATOR}${encode(key.id)}`;
}

/** Reads a public id back; anything else is a clear `invalid` that names `field`. */
export function parseId(prefix: string, text: string, field = 'id'): CustomerKey {
  const match = /^([a-z]+)_([0-9a-v]{1,13})x([0-9a-v]{1,13})$/.exec(text);
  const customerId = match?.[1] === prefix ? decode(match[2] ?? '') : undefined;
  const id = match ? decode(match[3] ?? '') : undefined;
  if (customerId === undefined || id === undefined) {
    throw new AppError(
      'invalid',
      'id_malformed',
      `${field} must be an id such as ${prefix}_1kx2g`,
      {
        faults: [{ field, message: `an id that begins with ${prefix}_` }],
      },
    );
  }
  return { customerId, id };
}

/** `preq_1k9x0c7`: of a row that belongs to no customer. */
export function formatRowId(prefix: string, id: bigint): string {
  return `${prefix}_${encode(id)}`;
}

/** Reads it back; anything else is a clear `invalid` that names `field`. */
export function parseRowId(prefix: string, text: string, field = 'id'): bigint {
  const match = /^([a-z]+)_([0-9a-v]{1,13})$/.exec(text);
  const id = match?.[1] === prefix ? decode(match[2] ?? '') : undefined;
  if (id !== undefined) return id;
  throw new AppError('invalid', 'id_malformed', `${field} must be an id such as ${prefix}_1kx2g`, {
    faults: [{ field, message: `an id that begins with ${prefix}_` }],
  });
}

/** Both keys of a row as the 128 bits of a UUID: its own first, so that they grow with time. It can be read back. */
export function toUuid({ customerId, id }: CustomerKey): string {
  const hex = `${id.toString(16).padStart(16, '0')}${customerId.toString(16).padStart(16, '0')}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

let uuidLastMs = 0;
let uuidSequence = 0;

/** UUID version 7 (RFC 9562 §5.7): ordered within this process, even inside one millisecond. */
export function uuidV7(nowMs: number = Date.now()): string {
  if (nowMs > uuidLastMs) {
    uuidLastMs = nowMs;
    uuidSequence = 0;
  } else if (++uuidSequence > 0xfff) {
    uuidLastMs += 1;
    uuidSequence = 0;
  }
  const time = uuidLastMs.toString(16).padStart(12, '0');
  const sequence = (0x7000 | uuidSequence).toString(16);
  const random = randomHex();
  const variant = ((Number.parseInt(random[0] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${sequence}-${variant}${random.slice(1, 4)}-${random.slice(4, 16)}`;
}

// One call of the random source serves many ids: it is the dear part of a uuid.
const RANDOM_BYTES_PER_ID = 8;
let pool = '';
let poolAt = 0;

function randomHex(): string {
  if (poolAt >= pool.length) {
    pool = randomBytes(RANDOM_BYTES_PER_ID * 256).toString('hex');
    poolAt = 0;
  }
  poolAt += RANDOM_BYTES_PER_ID * 2;
  return pool.slice(poolAt - RANDOM_BYTES_PER_ID * 2, poolAt);
}
