import { hash, randomBytes } from 'node:crypto';
import { type Database, type Executor, sql } from '#database';
import { must } from '#errors';
import { fail } from './errors.ts';

/** Who calls: the holder of an API key. `id` is stable and is what idempotency keys are counted under. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

export interface NewApiKey {
  readonly name: string;
  /** Such as `subscriptions:read`; `*` stands for all. */
  readonly scopes: readonly string[];
  readonly now: Date;
}

/** Grants everything. */
export const ALL_SCOPES = '*';

const KEY_PREFIX = 'kpk_';
const KEY_LETTERS = 32;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SCOPE = /^(\*|[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*)$/;

/** Makes a key. `text` is given back here and never again: only its hash is stored. */
export async function createApiKey(
  database: Database,
  key: NewApiKey,
): Promise<{ readonly id: string; readonly text: string }> {
  for (const scope of key.scopes)
    must(SCOPE.test(scope), `${scope} is a scope such as timeline:read`);
  const text = KEY_PREFIX + randomBase62(KEY_LETTERS);
  const { rows } = await sql<{ id: bigint }>`
    insert into platform.api_key (name, key_hash, scopes, created_at)
    values (${key.name}, ${hashOf(text)}, ${key.scopes}, ${key.now}) returning id`.execute(
    database.pool,
  );
  return { id: principalId(rows[0]?.id ?? 0n), text };
}

/** Ends a key; keyrings that have it cached follow within two seconds. False when there was none to end. */
export async function revokeApiKey(
  database: Database,
  options: { readonly id: string; readonly now: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update platform.api_key set revoked_at = ${options.now}
    where 'key_' || id = ${options.id} and revoked_at is null`.execute(database.pool);
  return numAffectedRows === 1n;
}

/** The holder of the key with this text, or undefined when there is none or it was revoked. */
export async function findPrincipal(
  executor: Executor,
  text: string,
): Promise<Principal | undefined> {
  const { rows } = await sql<{ id: bigint; name: string; scopes: string[] }>`
    select id, name, scopes from platform.api_key
    where key_hash = ${hashOf(text)} and revoked_at is null`.execute(executor);
  const row = rows[0];
  return row && { id: principalId(row.id), name: row.name, scopes: row.scopes };
}

/** Throws `scope_missing`, naming the scope, unless the key grants it. */
export function requireScope(principal: Principal, scope: string): void {
  if (principal.scopes.includes(scope) || principal.scopes.includes(ALL_SCOPES)) return;
  throw fail('scope_missing', `This key does not grant ${scope}.`, { details: { scope } });
}

function principalId(id: bigint): string {
  return `key_${id}`;
}

// A key has 190 bits of chance in it, so a plain fast hash is as good as a slow one here.
function hashOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

function randomBase62(letters: number): string {
  let text = '';
  while (text.length < letters) {
    for (const byte of randomBytes(letters)) {
      // 248 is the last multiple of 62 in a byte: what lies above would favour the first letters.
      if (byte < 248 && text.length < letters) text += BASE62[byte % 62];
    }
  }
  return text;
}
