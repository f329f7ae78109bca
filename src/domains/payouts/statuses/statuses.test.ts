import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { sql } from '#database';
import { type PayoutState, payoutSteps } from '#payouts/payout';
import { type MadePayout, setStage, TOPICS } from '#payouts/stage';
import { eventually, testDatabase } from '#testing';
import { judgeStatus } from './judge-status.ts';
import { meaningOf, type StatusSource } from './status-words.ts';

const database = await testDatabase();
const stage = await setStage(database);
const { ask, conflictOf, judge, machine, moneyOf, says, stateOf, stepsOf } = stage;
after(() => stage.bus.close());

async function sentPayout(): Promise<MadePayout> {
  const payout = await ask();
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'in_flight');
  return payout;
}

async function outcomesOf({ id }: MadePayout): Promise<readonly string[]> {
  const { statuses } = await machine.story(id);
  return statuses.map(({ outcome }) => outcome);
}

test('words of each source lead to their step, and a word that nobody knows to people', () => {
  const cases = [
    ['oebs', 'ACK', 'acknowledge'],
    ['oebs', 'accepted', 'acknowledge'],
    ['oebs', 'PAID', 'pay'],
    ['oebs', 'FAILED_VALIDATION', 'reject'],
    ['oebs', 'REMOVED_PAYMENT_STOPPED', 'reject'],
    ['oebs', 'VOID', 'return'],
    ['bank', 'ACSC', 'acknowledge'],
    ['bank', 'ACCC', 'pay'],
    ['bank', 'RJCT', 'reject'],
    ['bank', 'PART', 'nothing'],
    ['oebs', 'ACSC', undefined],
    ['bank', 'HELLO', undefined],
  ] as const;
  for (const [source, word, meaning] of cases) assert.equal(meaningOf(source, word), meaning, word);
});

test('what a word does in each state', () => {
  const sentStates = 'in_flight acknowledged paid rejected returned'.split(' ') as PayoutState[];
  const outcomes = (source: StatusSource, status: string) =>
    sentStates.map((state) => judgeStatus(state, { source, status }).outcome).join(' ');
  assert.equal(outcomes('oebs', 'ACK'), 'applied ignored ignored ignored ignored');
  assert.equal(outcomes('oebs', 'PAID'), 'applied applied ignored conflict ignored');
  assert.equal(outcomes('oebs', 'REJECTED'), 'applied applied conflict ignored conflict');
  assert.equal(outcomes('oebs', 'RETURNED'), 'parked parked applied ignored ignored');
  assert.equal(outcomes('ard', 'OPEN'), 'applied applied applied applied applied');
  assert.equal(outcomes('ard', 'PAID'), 'parked parked applied conflict applied');
  assert.equal(outcomes('ard', 'REJECTED'), 'parked parked conflict applied conflict');
  assert.equal(outcomes('bank', 'PART'), 'ignored ignored ignored ignored ignored');
  const early = Object.keys(payoutSteps).filter((state) => !sentStates.includes(state as never));
  for (const state of early as PayoutState[]) {
    const expected = state === 'cancelled' ? 'conflict' : 'parked';
    for (const status of ['ACK', 'PAID', 'REJECTED', 'RETURNED']) {
      assert.equal(judgeStatus(state, { source: 'oebs', status }).outcome, expected, state);
    }
  }
});

test('acknowledged and paid: the money has left, and its facts with it', async () => {
  const payout = await sentPayout();
  await says(payout, 'ACCEPTED');
  assert.equal(await stateOf(payout), 'acknowledged');
  await says(payout, 'PAID');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid');
  assert.deepEqual(await moneyOf(payout), { has: 0n, reserved: 0n, sent: 0n });
  assert.deepEqual(await judge(), []);
});

test('rejected after it was acknowledged: the money and the facts are given back, and can go out again', async () => {
  const payout = await sentPayout();
  await says(payout, 'ACK');
  await says(payout, 'REJECTED', { reason: 'AC04 closed account' });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'rejected');
  assert.deepEqual(await moneyOf(payout), { has: 1000n, reserved: 0n, sent: 0n });
  const view = await machine.find(payout.id);
  assert.equal(view?.reason, 'AC04 closed account');
  const again = await ask({ clientId: payout.clientId, amount: 1000n, earned: 1n });
  await machine.gate.round();
  const { facts } = await machine.story(again.id);
  assert.equal(
    facts.reduce((sum, { amount_minor }) => sum + amount_minor, 0n),
    1000n,
  );
  assert.deepEqual(await judge(), []);
});

test('returned after it was paid: the money is with the partner', async () => {
  const payout = await sentPayout();
  for (const word of ['PAID', 'VOID']) {
    await says(payout, word);
    await machine.gate.round();
  }
  assert.equal(await stateOf(payout), 'returned');
  assert.deepEqual(await moneyOf(payout), { has: 1000n, reserved: 0n, sent: 0n });
  assert.deepEqual(await judge(), []);
});

test('a return that comes before paid waits for it', async () => {
  const payout = await sentPayout();
  await says(payout, 'RETURNED');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'in_flight');
  assert.deepEqual(await outcomesOf(payout), ['parked']);
  await says(payout, 'PAID');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'returned');
  assert.deepEqual(await outcomesOf(payout), ['applied', 'applied']);
  assert.equal(await conflictOf(payout), null);
});

test('words that come before it was sent wait for that', async () => {
  const payout = await ask();
  await says(payout, 'ACK');
  await says(payout, 'PAID');
  assert.deepEqual(await outcomesOf(payout), ['parked', 'parked']);
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid');
  assert.deepEqual((await stepsOf(payout)).slice(-3), ['send', 'acknowledge', 'pay']);
  assert.deepEqual(await judge(), []);
});

test('rejected after paid is a conflict: nothing moves, it is kept, flagged and shown', async () => {
  const payout = await sentPayout();
  await says(payout, 'PAID');
  await machine.gate.round();
  await says(payout, 'REJECTED');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid');
  assert.match((await conflictOf(payout)) ?? '', /oebs says REJECTED of what was paid/);
  assert.deepEqual(await moneyOf(payout), { has: 0n, reserved: 0n, sent: 0n });
  const ofAll = { outcome: 'conflict', payoutId: null, after: 0n, limit: 10 } as const;
  assert.ok((await machine.statuses(ofAll)).some((one) => one.payout_id === payout.id));
});

test('the same event fifty times, at once and in one batch, has one effect', async () => {
  const payout = await sentPayout();
  await Promise.all(
    Array.from({ length: 25 }, () => says(payout, 'PAID', { eventId: 'the very same' })),
  );
  const said = { source: 'oebs', eventId: 'the very same', erpId: payout.erpId } as const;
  const batch = Array.from({ length: 25 }, () => ({ ...said, status: 'PAID' }));
  assert.equal(await database.transaction((tx) => machine.receive(tx, batch)), 0);
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid');
  assert.deepEqual(await outcomesOf(payout), ['applied']);
  assert.equal((await stepsOf(payout)).filter((step) => step === 'pay').length, 1);
});

test('an event id with another content is kept as well, and is a conflict', async () => {
  const payout = await sentPayout();
  await says(payout, 'ACK', { eventId: 'reused' });
  await says(payout, 'REJECTED', { eventId: 'reused' });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'acknowledged');
  assert.match((await conflictOf(payout)) ?? '', /another content/);
});

test('what nobody knows is kept and shown: a payout, and a word', async () => {
  const payout = await sentPayout();
  await says({ ...payout, erpId: 'f'.repeat(32) }, 'PAID', { eventId: 'lost' });
  const unknown = { outcome: 'unknown', payoutId: null, after: 0n, limit: 10 } as const;
  assert.deepEqual(
    (await machine.statuses(unknown)).map((one) => one.event_id),
    ['lost'],
  );
  await says(payout, 'ON_THE_MOON');
  assert.match((await conflictOf(payout)) ?? '', /ON_THE_MOON/);
  await says(payout, 'PAID');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid', 'a strange word stops no payout');
});

test('the newest word of the receivables feed stands, whatever order they come in', async () => {
  const payout = await sentPayout();
  const word = (status: string, minute: number) => ({
    ...{
      source: 'ard' as const,
      eventId: `ard ${minute} ${payout.erpId}`,
      erpId: payout.erpId,
      status,
    },
    occurredAt: new Date(Date.UTC(2026, 10, 20, 10, minute)),
  });
  for (const said of [word('CONFIRMED', 5), word('OPEN', 1), word('PENDING', 3)]) {
    await database.transaction((tx) => machine.receive(tx, [said]));
  }
  assert.equal((await machine.find(payout.id))?.ard_state, 'CONFIRMED');
  assert.equal(await stateOf(payout), 'in_flight', 'it moves nothing');
});

const WORDS = [
  ['oebs', 'ACK'],
  ['oebs', 'PAID'],
  ['oebs', 'REJECTED'],
  ['oebs', 'RETURNED'],
  ['bank', 'ACCC'],
  ['bank', 'RJCT'],
  ['oebs', 'STRANGE'],
  ['ard', 'OPEN'],
  ['ard', 'PAID'],
  ['ard', 'REJECTED'],
] as const;
type Word = (typeof WORDS)[number];

/** What a set of words must come to, in whatever order: a second, naive telling of the rules. */
function expected(words: readonly Word[]) {
  const has = (...some: string[]) => words.some((word) => some.includes(word.join(' ')));
  const paid = has('oebs PAID', 'bank ACCC');
  const rejected = has('oebs REJECTED', 'bank RJCT');
  const returned = has('oebs RETURNED');
  const state: PayoutState | undefined =
    paid && rejected
      ? undefined
      : paid
        ? returned
          ? 'returned'
          : 'paid'
        : rejected
          ? 'rejected'
          : has('oebs ACK')
            ? 'acknowledged'
            : 'in_flight';
  const contradicts =
    (paid && rejected) ||
    (paid && has('ard REJECTED')) ||
    (rejected && !paid && has('ard PAID')) ||
    has('oebs STRANGE');
  return { state, contradicts, returned };
}

async function tell(
  words: readonly (Word & { readonly pause?: boolean })[],
  pauses: readonly boolean[],
) {
  const payout = await sentPayout();
  for (const [index, [source, status]] of words.entries()) {
    await says(payout, status, { source });
    if (pauses[index]) await machine.gate.round();
  }
  await machine.gate.round();
  return payout;
}

async function assertAsExpected(words: readonly Word[], payout: MadePayout): Promise<void> {
  const { contradicts, returned, state } = expected(words);
  const found = await stateOf(payout);
  if (state) assert.equal(found, state);
  // Contradictions end where the first word led, unless the money came back in the end.
  else
    assert.ok(
      returned ? ['rejected', 'returned'].includes(found) : ['paid', 'rejected'].includes(found),
    );
  assert.equal((await conflictOf(payout)) !== null, contradicts);
  const { has, reserved, sent } = await moneyOf(payout);
  const withPartner = found === 'rejected' || found === 'returned';
  const withErp = found === 'in_flight' || found === 'acknowledged';
  assert.deepEqual(
    { has, reserved, sent },
    { has: withPartner ? 1000n : 0n, reserved: 0n, sent: withErp ? 1000n : 0n },
  );
}

test('both orders of every pair of words, the gate between them or not', async () => {
  for (const first of WORDS) {
    for (const second of WORDS) {
      const pause = (WORDS.indexOf(first) + WORDS.indexOf(second)) % 2 === 0;
      await assertAsExpected([first, second], await tell([first, second], [pause]));
    }
  }
  assert.deepEqual(await judge(), []);
});

test('any words, in any order, with the gate at any moment: the same end, and the money in one place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...WORDS), { maxLength: 7 }),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
      async (words, pauses) => assertAsExpected(words, await tell(words, pauses)),
    ),
    { numRuns: 60 },
  );
  assert.deepEqual(await judge(), []);
});

test('both feeds are followed, and what they bring is acted on', async () => {
  const running = await setStage(database, { intervalMs: 20 });
  const payouts = [await ask(), await ask(), await ask()];
  await machine.gate.round();
  const publish = (topic: typeof TOPICS.statusArd, status: string) =>
    database.transaction((tx) =>
      running.bus.publish(
        tx,
        topic,
        payouts.map(({ erpId }) => ({
          ...{ key: erpId, payload: { event_id: `${status} ${erpId}`, erp_id: erpId, status } },
        })),
      ),
    );
  await publish(TOPICS.statusOebs, 'ACK');
  await publish(TOPICS.statusArd, 'PAID');
  running.machine.gate.start();
  await publish(TOPICS.statusOebs, 'PAID');
  await eventually(async () => {
    for (const payout of payouts) {
      assert.equal(await stateOf(payout), 'paid');
      assert.deepEqual(new Set(await outcomesOf(payout)), new Set(['applied']));
    }
  });
  await running.machine.gate.stop();
  await running.bus.close();
  const { rows } = await sql`select from platform.bus_dead`.execute(database.pool);
  assert.equal(rows.length, 0);
});
