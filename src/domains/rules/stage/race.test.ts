import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from '#database';
import { testDatabase } from '#testing';
import { lawsOf, requestOf, setStage, twiceADay } from './fixture.ts';
import type { Race } from './race-child.ts';

const ROUNDS = 10_000;
const ROUNDS_AT_ONCE = 100;
const CHILDREN = 2;
const RACERS_PER_CHILD = 2;
const CHUNKS_MAX = 25;

test(`ten thousand times four racers in two processes want the last place, and exactly one gets it`, async (t) => {
  const database = await testDatabase(t);
  const { clock, reserve, rules } = await setStage(database, lawsOf(twiceADay));
  t.after(() => rules.close());
  const recipients = Array.from(
    { length: ROUNDS },
    (_, index) => `+7916${String(index).padStart(7, '0')}`,
  );
  // Of the two places of each one is taken already.
  for (let from = 0; from < ROUNDS; from += 1000)
    await reserve(
      ...recipients
        .slice(from, from + 1000)
        .map((recipient) => requestOf(clock.now(), { recipient })),
    );
  const children = await Promise.all(
    Array.from({ length: CHILDREN }, () => startChild(t, database.url)),
  );
  const won = Array<number>(CHILDREN * RACERS_PER_CHILD).fill(0);
  for (let from = 0; from < ROUNDS; from += ROUNDS_AT_ONCE) {
    const wanted = recipients.slice(from, from + ROUNDS_AT_ONCE);
    const answers = await Promise.all(children.map((child) => race(child, wanted)));
    for (const [index, count] of answers.flat().entries()) won[index] = (won[index] ?? 0) + count;
  }
  for (const child of children) child.send('end');
  assert.equal(
    won.reduce((sum, count) => sum + count, 0),
    ROUNDS,
  );
  assert.ok(
    won.every((count) => count > 0),
    `nobody was always first: ${won}`,
  );
  const { rows } = await sql<{ places: bigint; scopes: bigint }>`
    select places, count(*) as scopes from (
      select count(*) as places from rules.counted group by scope_id) s
    group by places`.execute(database.pool);
  assert.deepEqual(rows, [{ places: 2n, scopes: BigInt(ROUNDS) }]);
  t.diagnostic(`won: ${won.join(', ')}`);
});

async function startChild(t: { after(work: () => void): void }, url: string) {
  const child = fork(join(import.meta.dirname, 'race-child.ts'), [url]);
  t.after(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** Each goes through them in an order and in transactions of its own. */
async function race(child: ChildProcess, wanted: readonly string[]): Promise<readonly number[]> {
  const races: readonly Race[] = Array.from({ length: RACERS_PER_CHILD }, () => ({
    recipients: shuffled(wanted),
    chunks: Array.from({ length: 5 }, () => 1 + Math.floor(Math.random() * CHUNKS_MAX)),
  }));
  const answer = once(child, 'message');
  child.send({ races });
  const [{ won }] = (await answer) as [{ readonly won: readonly number[] }];
  return won;
}

function shuffled(texts: readonly string[]): readonly string[] {
  return texts
    .map((text) => ({ text, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ text }) => text);
}
