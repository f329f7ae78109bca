import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { advances, type SmsState, smsSteps, stateOfParts } from './message.ts';
import type { ReportedState } from './provider.ts';

const ENDS: readonly SmsState[] = [
  ...(['delivered', 'undelivered', 'expired', 'rejected', 'cancelled', 'failed'] as const),
];
const REPORTED: readonly ReportedState[] = [
  ...([
    'accepted',
    'sent',
    'delivered',
    'undelivered',
    'expired',
    'rejected',
    'cancelled',
  ] as const),
];

function onward(from: SmsState, without: readonly string[] = []): ReadonlySet<SmsState> {
  const reached = new Set<SmsState>([from]);
  for (const state of reached)
    for (const [step, next] of Object.entries(smsSteps[state]))
      if (!without.includes(step)) reached.add(next);
  reached.delete(from);
  return reached;
}

test('an end is an end', () => {
  for (const end of ENDS) assert.deepEqual(smsSteps[end], {}, end);
});

test('what has left, or may have, never stands before a sender again, unless it is proven that it has not', () => {
  for (const state of ['accepted', 'sent', 'unknown'] as const)
    for (const again of ['queued', 'claimed', 'submitting', 'deferred'] as const)
      assert.ok(!onward(state, ['prove_unsent']).has(again), `${state} leads to ${again}`);
  assert.equal(smsSteps.unknown.prove_unsent, 'queued');
});

test('every state is reached from the beginning, and every state but an end leads to one', () => {
  const reached = new Set([...onward('deferred'), 'deferred']);
  for (const state of Object.keys(smsSteps) as SmsState[]) {
    if (state !== 'failed') assert.ok(reached.has(state), state);
    if (!ENDS.includes(state))
      assert.ok(
        ENDS.some((end) => onward(state).has(end)),
        state,
      );
  }
});

const reported = fc.constantFrom(...REPORTED);

test('of reports of one part, in whatever order and however often they come, the first end stays', () => {
  fc.assert(
    fc.property(fc.array(reported, { maxLength: 12 }), (said) => {
      let state: ReportedState | null = null;
      const ends: ReportedState[] = [];
      for (const next of said) {
        if (next !== 'accepted' && next !== 'sent') ends.push(next);
        if (advances(state, next)) state = next;
      }
      assert.equal(state, ends[0] ?? (said.includes('sent') ? 'sent' : (said[0] ?? null)));
    }),
  );
});

test('a message of many parts is delivered when all are, and failed when one is', () => {
  const part = fc.oneof(reported, fc.constant(null));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 10 }), (parts) => {
      const whole = stateOfParts(parts);
      const failed = parts.filter(
        (one) => one !== null && !['accepted', 'sent', 'delivered'].includes(one),
      );
      if (failed.length > 0) assert.ok(failed.includes(whole ?? null));
      else
        assert.equal(
          whole === 'delivered',
          parts.every((one) => one === 'delivered'),
        );
    }),
  );
  assert.equal(stateOfParts([null, null]), undefined);
  assert.equal(stateOfParts(['delivered', null]), 'sent');
});
