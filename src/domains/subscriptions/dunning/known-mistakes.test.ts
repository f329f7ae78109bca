import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy, ladderAt, ladderSteps, nextAttempt } from '#subscriptions/dunning';
import { cardOf, decline, factsOf, local, utc } from './fixture.ts';

/** Mistakes that other billing systems were reported to have, by the number of the report, each as proof that this one has not. */

const FIRST = utc('2026-03-01T07:00');
const options = { policy: defaultPolicy, now: FIRST };

test('Kill Bill 1819: when the ladder is looked at, and how often, does not change where it stands', () => {
  const about = { policy: defaultPolicy, timeZone: 'Europe/Moscow' };
  const at = utc('2026-03-16T00:00');
  const once = ladderAt(ladderSteps(FIRST, about), at);
  for (let look = 0; look < 30; look += 1) {
    const steps = ladderSteps(FIRST, about);
    ladderAt(steps, new Date(FIRST.getTime() + look * 86_400_000));
    assert.deepEqual(ladderAt(steps, at), once);
  }
});

test('Kill Bill (declines are all alike to it): an expired card is not tried eight days later', () => {
  const next = nextAttempt(factsOf([decline(FIRST, 'expired_card')]), options);
  assert.deepEqual(next, { next: 'ask', for: 'new_card' });
});

test('Autumn 782: a debt of one subscription says nothing of another that is paid with the same card', () => {
  // The card was refused for good elsewhere: this bill has its own word, only the card's rest is shared.
  const card = cardOf({ declinedAt: [utc('2026-02-20T07:00')] });
  const next = nextAttempt(factsOf([decline(FIRST, 'terminal_limit')], { card }), options);
  assert.equal(next.next === 'retry' && local(next.at, 'Europe/Moscow'), '2026-03-02 10:09');
});

test('the original (nine attempts in 36 minutes, for hard declines too): seven in three weeks, none for hard ones', () => {
  const declines = [decline(FIRST)];
  for (;;) {
    const now = declines.at(-1)?.at ?? FIRST;
    const next = nextAttempt(factsOf(declines), { policy: defaultPolicy, now });
    if (next.next !== 'retry') break;
    declines.push(decline(next.at));
  }
  assert.equal(declines.length, 7);
  const hour = declines.filter(({ at }) => at.getTime() - FIRST.getTime() < 3_600_000);
  assert.equal(hour.length, 1);
});

test('a timeout is no decline: nothing is tried while its outcome is not known', () => {
  const next = nextAttempt(factsOf([decline(FIRST)], { unsettled: true }), options);
  assert.deepEqual(next, { next: 'stop', why: 'outcome_unknown' });
});
