import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ReportedState } from '#sms/provider';
import { askedMessage, ENTITY, openSmsHouse, stateOf } from '#sms/stage';
import { eventually } from '#testing';

// Two messages a day to a debtor; by the switch what reached no handset gives its place back.

const house = await openSmsHouse();
const { clock, database, first, rules, sms } = house;
const settings = {
  phone: '+7 495 123-45-67',
  switches: { 'ru-230fz/undelivered': 'given-back' },
};
await database.transaction((tx) =>
  rules.saveEntity(tx, { key: ENTITY, name: 'Alfa', settings }, 'test'),
);
await rules.refresh();
const sender = house.senderOf(first);
sender.start();
after(() => sender.stop());

const PATIENCE = { timeoutMs: 30_000 };
const DEBT = 'Alfa: у вас просроченная задолженность, +7 495 123-45-67';
let people = 0;
let messages = 0;

function aDebtor(): string {
  people += 1;
  return `+7916${4_000_000 + people}`;
}

/** What becomes of one more message to this number: queued, or deferred to another day. */
async function ask(recipient: string): Promise<{ readonly id: string; readonly state: string }> {
  messages += 1;
  const [taken] = await sms.intake.take([
    askedMessage({
      ...{ class: 'debt', kind: 'debt', recipient, body: `${DEBT} (${messages})` },
      ...{ wanted: ['first'], expiresAt: new Date(clock.nowMs() + 3 * 86_400_000) },
    }),
  ]);
  assert.ok(taken?.outcome === 'taken');
  return { id: taken.sms, state: taken.state };
}

/** One that the provider has taken in two parts. */
async function sendInParts(recipient: string): Promise<readonly [string, string]> {
  const parts = [`${recipient}-1`, `${recipient}-2`] as const;
  first.script.push({ result: { outcome: 'accepted', providerMessageIds: parts } });
  const { id } = await ask(recipient);
  await eventually(async () => assert.equal(await stateOf(house, id), 'accepted'), PATIENCE);
  return parts;
}

async function sendWhole(recipient: string): Promise<void> {
  const { id, state } = await ask(recipient);
  assert.equal(state, 'queued');
  await eventually(async () => assert.equal(await stateOf(house, id), 'accepted'), PATIENCE);
}

const hear = (providerMessageId: string, state: ReportedState) =>
  sms.hear('first', { reports: [{ providerMessageId, state }], incoming: [] });

test('a message of which a part has arrived keeps its place', async () => {
  for (const states of [
    ['delivered', 'undelivered'],
    ['undelivered', 'delivered'],
  ] as const) {
    const to = aDebtor();
    const parts = await sendInParts(to);
    await sendWhole(to);
    for (const [at, part] of parts.entries()) await hear(part, states[at] ?? 'undelivered');
    assert.equal((await ask(to)).state, 'deferred', states.join(', '));
  }
});

for (const end of ['undelivered', 'expired', 'rejected'] as const)
  test(`a message all of whose parts are ${end} gives its place back, and not before`, async () => {
    const to = aDebtor();
    const [one, other] = await sendInParts(to);
    await sendWhole(to);
    await hear(one, end);
    assert.equal((await ask(to)).state, 'deferred', 'one part may be there yet');
    await hear(other, end);
    await sendWhole(to);
  });
