import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { debitsOf, phoneOf, storyOf, subscribe } from './people.ts';
import { ownServer } from './server.ts';
import { type OperatorSettings, type Stage, setStage } from './stage.ts';

// The operator answers late, twice, wrongly or never; three ways of asking it afterwards.

await ownServer();

const LATE_MS = 2500;
const misfortunes = ['error-after', 'lost-answer', 'late', 'late-answer', 'hang-up-after'] as const;
const LOST = 'lost-request';

async function suffer(t: TestContext, inquiry: OperatorSettings['inquiry']) {
  const stage = await setStage(t, { inquiry, timeout_ms: 1000, settle_ms: 4000 });
  await stage.book.tell('/settings', { lateMs: LATE_MS }, 'PUT');
  const phones = [...misfortunes, LOST].map((name, n) => ({ name, phone: phoneOf(n) }));
  for (const { name, phone } of phones) {
    await stage.book.tell('/scenarios', { name, msisdn: phone, times: 1 });
  }
  await stage.start('dispatcher', 'mt-manager', 'telco', 'qlistener');
  await Promise.all(phones.map(({ phone }) => subscribe(stage, phone)));
  await untilQuiet(stage, 50_000);
  // Whatever comes late has come by now.
  await new Promise((done) => setTimeout(done, LATE_MS));
  await untilQuiet(stage);
  await assertInvariants(stage, { confirmed: phones.map(({ phone }) => phone) });
  return { stage, phones };
}

async function outcomeOf(stage: Stage, phone: string) {
  const story = await storyOf(stage, phone);
  return {
    ...{ payment: story?.payment, bill: story?.bill, payments: story?.payments },
    debits: await debitsOf(stage, phone),
  };
}

const PAID = { payment: 'accepted', bill: 'paid', payments: 1, debits: 1 };

suite('an answer that was lost', { concurrency: 3 }, () => {
  test('is asked for by our id: what happened counts, what did not is refused for now', async (t) => {
    const { stage, phones } = await suffer(t, 'byOurId');
    for (const { name, phone } of phones) {
      const nothing = { payment: 'declined', bill: 'open', payments: 1, debits: 0 };
      assert.deepEqual(await outcomeOf(stage, phone), name === LOST ? nothing : PAID, name);
    }
  });

  test('is had by asking again where a repeat is safe: everyone is charged, once', async (t) => {
    const { stage, phones } = await suffer(t, 'repeatIsSafe');
    for (const { name, phone } of phones) {
      assert.deepEqual(await outcomeOf(stage, phone), PAID, name);
    }
  });

  test('stays unknown where nobody can be asked, and no other attempt is made', async (t) => {
    const { stage, phones } = await suffer(t, 'none');
    for (const { name, phone } of phones) {
      const debits = name === LOST ? 0 : 1;
      const open = { payment: 'unknown', bill: 'open', payments: 1, debits };
      // An answer that comes late is no answer to a request that was given up.
      assert.deepEqual(await outcomeOf(stage, phone), open, name);
    }
  });
});
