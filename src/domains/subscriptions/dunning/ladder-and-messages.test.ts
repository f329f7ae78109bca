import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CardDeclineReason } from '#payments';
import {
  defaultPolicy,
  ladderAt,
  ladderMessages,
  ladderSteps,
  messageAfterDecline,
  messageAfterPayment,
  type NextAttempt,
  noticeOfCharge,
  parseDunningPolicy,
  periodDaysOf,
  toldReason,
} from '#subscriptions/dunning';
import { local, usualClass, utc } from './fixture.ts';

const policy = defaultPolicy;
const about = { policy, timeZone: 'Europe/Moscow' };
const FIRST = utc('2026-03-01T07:00');
const reasons = Object.keys(usualClass) as CardDeclineReason[];
const retry: NextAttempt = { next: 'retry', at: utc('2026-03-02T07:09'), because: 'schedule' };

test('access is open until noon of day 14, closed until noon of day 21, and then over', () => {
  const steps = ladderSteps(FIRST, about);
  const status = (text: string) => ladderAt(steps, utc(text)).status;
  assert.deepEqual(
    [
      '2026-03-01T07:00',
      '2026-03-15T08:59',
      '2026-03-15T09:00',
      '2026-03-22T08:59',
      '2026-03-22T09:00',
    ].map(status),
    ['grace', 'grace', 'hold', 'hold', 'ended'],
  );
  assert.equal(ladderAt(steps, FIRST).until?.getTime(), steps.holdAt.getTime());
  assert.equal(ladderAt(steps, steps.holdAt).until?.getTime(), steps.endAt.getTime());
  assert.equal(ladderAt(steps, steps.endAt).until, undefined);
});

test('the ladder keeps to noon over a change of the clocks', () => {
  const steps = ladderSteps(utc('2026-03-20T09:00'), { policy, timeZone: 'Europe/Berlin' });
  const noons = [steps.lastChanceAt, steps.holdAt, steps.endAt].map((at) =>
    local(at, 'Europe/Berlin'),
  );
  assert.deepEqual(noons, ['2026-03-30 12:00', '2026-04-03 12:00', '2026-04-10 12:00']);
});

test('each step says its word, and the last chance comes before it', () => {
  const steps = ladderSteps(FIRST, about);
  const said = ladderMessages(steps, about).map(({ at, text }) => [
    ...[local(at, 'Europe/Moscow'), text.message],
    'before' in text ? text.before : '',
  ]);
  assert.deepEqual(said, [
    ['2026-03-11 12:00', 'last_chance', 'hold'],
    ['2026-03-15 12:00', 'held', ''],
    ['2026-03-21 12:00', 'last_chance', 'end'],
    ['2026-03-22 12:00', 'ended', ''],
  ]);
});

test('no message has a word for lost, stolen or suspected, and none tells them from a bank’s no', () => {
  for (const reason of reasons) {
    const message = messageAfterDecline(reason, { next: 'ask', for: 'new_card' });
    assert.doesNotMatch(JSON.stringify(message), /lost|stolen|fraud|suspect|pick/i, reason);
  }
  for (const reason of ['lost_or_stolen', 'fraud_suspected', 'restricted_card'] as const)
    assert.equal(toldReason(reason), toldReason('do_not_honor'));
});

test('a failure is told once for each kind of reason, not once for each retry', () => {
  const first = messageAfterDecline('insufficient_funds', retry);
  assert.deepEqual(first, {
    ...{ message: 'charge_failed', reason: 'funds', asks: 'pay', retryAt: retry.at },
  });
  assert.equal(messageAfterDecline('limit_exceeded', retry, 'funds'), undefined);
  const card = messageAfterDecline('expired_card', { next: 'ask', for: 'new_card' }, 'funds');
  assert.deepEqual(card, { message: 'charge_failed', reason: 'card', asks: 'new_card' });
  const proof = { next: 'ask', for: 'authentication' } as const;
  assert.deepEqual(messageAfterDecline('authentication_required', proof), {
    ...{ message: 'charge_failed', reason: 'authentication', asks: 'authentication' },
  });
});

test('nobody is told of what mends itself, or of what he can not mend', () => {
  const soon = { ...retry, because: 'technical' } as const;
  assert.equal(messageAfterDecline('gateway_error', soon), undefined);
  const later = messageAfterDecline('gateway_error', retry);
  assert.equal(later?.message === 'charge_failed' && later.asks, 'none');
  for (const why of ['consent_withdrawn', 'request_faulty', 'outcome_unknown', 'paid'] as const)
    assert.equal(messageAfterDecline('invalid_request', { next: 'stop', why }), undefined, why);
  const over = messageAfterDecline('insufficient_funds', { next: 'stop', why: 'ladder_ended' });
  assert.deepEqual(over, { message: 'charge_failed', reason: 'funds', asks: 'pay' });
});

test('recovered is told to whom a failure was told', () => {
  assert.deepEqual(messageAfterPayment('funds'), { message: 'recovered' });
  assert.equal(messageAfterPayment(undefined), undefined);
});

test('a charge is announced in time for its length, by the clock of the subscriber; one of nothing is not', () => {
  const chargeAt = utc('2026-03-31T07:00');
  const noticeAt = (periodDays: number) => {
    const notice = noticeOfCharge(
      { at: chargeAt, dueMinor: 1n, periodDays },
      { policy, timeZone: 'Europe/Berlin' },
    );
    assert.deepEqual(notice?.text, { message: 'charge_coming', chargeAt });
    return notice && local(notice.at, 'Europe/Berlin');
  };
  assert.deepEqual([7, 28, 92, 365].map(noticeAt), [
    ...['2026-03-30 10:00', '2026-03-28 10:00', '2026-03-28 10:00', '2026-03-24 10:00'],
  ]);
  assert.equal(noticeOfCharge({ at: chargeAt, dueMinor: 0n, periodDays: 30 }, about), undefined);
  const silent = { ...about, policy: { ...policy, noticeDays: { short: 0, usual: 0, long: 0 } } };
  assert.equal(noticeOfCharge({ at: chargeAt, dueMinor: 1n, periodDays: 30 }, silent), undefined);
  assert.equal(periodDaysOf({ start: utc('2026-03-01T09:00'), end: utc('2026-04-01T08:00') }), 31);
});

test('a policy is read as it is, and what can not work is told with its field', () => {
  assert.deepEqual(parseDunningPolicy(structuredClone(policy)), policy);
  const faultsOf = (changes: object) => {
    try {
      parseDunningPolicy({ ...policy, ...changes });
    } catch (error) {
      const { code, faults } = error as { code: string; faults: { field: string }[] };
      assert.equal(code, 'dunning_policy_invalid');
      return faults.map(({ field }) => field);
    }
    return [];
  };
  const { ladder } = policy;
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ retryDays: [3, 1] }, ['retryDays']],
    [{ retryDays: [1, 1] }, ['retryDays']],
    [{ retryDays: [1, 21] }, ['retryDays']],
    [{ retryDays: [0] }, ['retryDays.0']],
    [{ hours: { fromMinute: 700, toMinute: 700 } }, ['hours.toMinute']],
    [{ ladder: { ...ladder, lastChanceDays: 14 } }, ['ladder.lastChanceDays']],
    [{ ladder: { ...ladder, endDays: 15 } }, ['ladder.endDays']],
    [{ rest: { tries: 0, withinHours: 24, hours: 24 } }, ['rest.tries']],
    [{ budgets: { ...policy.budgets, visa: [{ most: 0, hours: 720 }] } }, ['budgets.visa.0.most']],
    [{ paydays: { daysOfMonth: [32], reachDays: 2 } }, ['paydays.daysOfMonth.0']],
    [{ retryHours: 1 }, ['retryHours']],
    [{ noticeDays: undefined }, ['noticeDays']],
  ];
  for (const [changes, fields] of cases)
    assert.deepEqual(faultsOf(changes), fields, JSON.stringify(changes));
  assert.throws(() => parseDunningPolicy(undefined), { code: 'dunning_policy_invalid' });
});
