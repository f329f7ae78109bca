import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CardDeclineReason } from '#payments';
import {
  attemptNow,
  consequenceOf,
  type Decline,
  type DunningFacts,
  defaultPolicy,
  type NextAttempt,
  nextAttempt,
} from '#subscriptions/dunning';
import { cardOf, decline, factsOf, local, usualClass, utc } from './fixture.ts';

const policy = defaultPolicy;
const MOSCOW = 'Europe/Moscow';
/** 1 March 2026 at 10:00 in Moscow. */
const FIRST = utc('2026-03-01T07:00');

function after(facts: DunningFacts, now?: Date): NextAttempt {
  return nextAttempt(facts, { policy, now: now ?? facts.declines.at(-1)?.at ?? FIRST });
}

function retryOf(next: NextAttempt) {
  assert.equal(next.next, 'retry', JSON.stringify(next));
  return next as Extract<NextAttempt, { next: 'retry' }>;
}

/** Declined with the same reason each time that it is tried: what is tried, and how it ends. */
function decliningLife(reason: CardDeclineReason, first = FIRST, timeZone = MOSCOW) {
  const declines: Decline[] = [decline(first, reason)];
  const tried: string[] = [];
  for (;;) {
    const next = after(factsOf(declines, { timeZone }));
    if (next.next !== 'retry') return { tried, end: next };
    tried.push(`${local(next.at, timeZone)} ${next.because}`);
    declines.push(decline(next.at, reason));
  }
}

test('a bill that is declined for now is tried on days 1, 3, 5, 8 and the days before hold and end', () => {
  const { end, tried } = decliningLife('terminal_limit');
  assert.deepEqual(tried, [
    ...['2026-03-02 10:09 schedule', '2026-03-04 10:09 schedule', '2026-03-06 10:09 schedule'],
    ...['2026-03-09 10:09 schedule', '2026-03-14 10:09 before_step'],
    '2026-03-21 10:09 before_step',
  ]);
  assert.deepEqual(end, { next: 'stop', why: 'ladder_ended' });
});

test('where money was missing a retry moves on to a payday that is near', () => {
  const { tried } = decliningLife('insufficient_funds');
  assert.deepEqual(tried, [
    ...['2026-03-02 10:09 schedule', '2026-03-05 10:09 payday', '2026-03-06 10:09 schedule'],
    ...['2026-03-10 10:09 payday', '2026-03-14 10:09 before_step'],
    '2026-03-21 10:09 before_step',
  ]);
});

test('a technical decline is tried again after a quarter of an hour, once, and then rests a day', () => {
  const { tried } = decliningLife('issuer_unavailable', utc('2026-03-01T13:00'));
  assert.deepEqual(tried.slice(0, 3), [
    ...['2026-03-01 16:15 technical', '2026-03-03 10:09 schedule', '2026-03-04 10:09 schedule'],
  ]);
});

test('each zone has its own mornings, over month ends, leap days and changes of the clocks', () => {
  const first = (at: string, timeZone: string) =>
    decliningLife('terminal_limit', utc(at), timeZone).tried.slice(0, 2);
  assert.deepEqual(first('2028-02-28T06:00', 'Asia/Karachi'), [
    ...['2028-02-29 10:09 schedule', '2028-03-02 10:09 schedule'],
  ]);
  assert.deepEqual(first('2026-03-28T12:00', 'Europe/Berlin'), [
    ...['2026-03-29 10:09 schedule', '2026-03-31 10:09 schedule'],
  ]);
  assert.deepEqual(first('2026-10-24T12:00', 'Europe/Berlin'), [
    ...['2026-10-25 10:09 schedule', '2026-10-27 10:09 schedule'],
  ]);
  assert.deepEqual(first('2026-12-31T21:30', MOSCOW), [
    ...['2027-01-02 10:09 schedule', '2027-01-04 10:09 schedule'],
  ]);
});

test('the moment within the hours is the subscription’s own: always the same, and spread over all of them', () => {
  const at = (subscription: string) =>
    local(retryOf(after(factsOf([decline(FIRST, 'terminal_limit')], { subscription }))).at, MOSCOW);
  assert.equal(at('sub_7'), at('sub_7'));
  const minutes = Array.from({ length: 400 }, (_, index) => {
    const [hour = 0, minute = 0] = at(`sub_${index}`).slice(11).split(':').map(Number);
    return (hour - 10) * 60 + minute;
  });
  assert.ok(minutes.every((minute) => minute >= 0 && minute < 120));
  for (let quarter = 0; quarter < 8; quarter += 1) {
    const count = minutes.filter((minute) => Math.floor(minute / 15) === quarter).length;
    assert.ok(count > 25 && count < 80, `${count} of 400 in quarter ${quarter}`);
  }
});

test('what never can be charged again stops at once, and each reason asks for what mends it', () => {
  const expected: Readonly<Record<CardDeclineReason, string>> = {
    insufficient_funds: 'retry',
    limit_exceeded: 'retry',
    do_not_honor: 'ask new_card',
    expired_card: 'ask new_card',
    lost_or_stolen: 'ask new_card',
    restricted_card: 'ask new_card',
    invalid_card: 'ask new_card',
    invalid_cvv: 'retry',
    fraud_suspected: 'ask new_card',
    authentication_required: 'ask authentication',
    authentication_failed: 'ask authentication',
    consent_withdrawn: 'stop consent_withdrawn',
    cancelled_by_customer: 'stop consent_withdrawn',
    issuer_unavailable: 'retry',
    gateway_error: 'retry',
    terminal_limit: 'retry',
    unsupported_card: 'ask new_card',
    invalid_request: 'stop request_faulty',
  };
  for (const [reason, words] of Object.entries(expected)) {
    const next = after(factsOf([decline(FIRST, reason as CardDeclineReason)]));
    const [what, why] = words.split(' ');
    assert.equal(next.next, what, reason);
    if (next.next === 'ask') assert.equal(next.for, why, reason);
    if (next.next === 'stop') assert.equal(next.why, why, reason);
  }
});

test('a stolen card is not tried again, whatever class a gateway gives it', () => {
  for (const given of Object.values(usualClass)) {
    const word = consequenceOf({ class: given, reason: 'lost_or_stolen' });
    assert.deepEqual(word, { next: 'ask', for: 'new_card' }, given);
  }
});

test('a final word stays final for its card, and asks for the card rather than for a proof', () => {
  const declines = [
    decline(FIRST, 'authentication_required'),
    decline(utc('2026-03-02T07:00'), 'expired_card'),
    decline(utc('2026-03-03T07:00'), 'insufficient_funds'),
  ];
  assert.deepEqual(after(factsOf(declines)), { next: 'ask', for: 'new_card' });
});

test('another card is tried at once, at whatever hour, and then has days of its own', () => {
  const now = utc('2026-03-06T20:00');
  const card = cardOf({ fingerprint: 'card-2' });
  const declines = [decline(FIRST, 'expired_card')];
  const next = after(factsOf(declines, { card }), now);
  assert.deepEqual(next, { next: 'retry', at: now, because: 'new_card' });
  const second = { ...decline(now), fingerprint: 'card-2' };
  const later = retryOf(after(factsOf([...declines, second], { card }), now));
  // The ladder is counted from the first decline of the bill: day 8 is next.
  assert.equal(local(later.at, MOSCOW), '2026-03-10 10:09');
});

test('a withdrawn consent holds for every card, and what has ended is not tried', () => {
  const declines = [decline(FIRST, 'consent_withdrawn')];
  const card = cardOf({ fingerprint: 'card-2' });
  assert.deepEqual(after(factsOf(declines, { card })), { next: 'stop', why: 'consent_withdrawn' });
  const soft = [decline(FIRST)];
  for (const ended of ['cancelled', 'disputed', 'paid'] as const)
    assert.deepEqual(after(factsOf(soft, { ended })), { next: 'stop', why: ended });
  assert.deepEqual(after(factsOf(soft, { card: undefined })), {
    next: 'stop',
    why: 'card_removed',
  });
  assert.deepEqual(after(factsOf(soft, { unsettled: true })), {
    ...{ next: 'stop', why: 'outcome_unknown' },
  });
});

test('a request that was wrong stops until a person has tried it again', () => {
  const wrong = [decline(FIRST, 'invalid_request')];
  assert.deepEqual(after(factsOf(wrong)), { next: 'stop', why: 'request_faulty' });
  assert.equal(after(factsOf([...wrong, decline(utc('2026-03-02T07:00'))])).next, 'retry');
});

test('the gateway’s own word moves a retry: to the same morning, to the next, or to where the ladder ends', () => {
  const next = (retryAfter: string) =>
    after(factsOf([{ ...decline(FIRST, 'terminal_limit'), retryAfter: utc(retryAfter) }]));
  assert.equal(local(retryOf(next('2026-03-02T07:05')).at, MOSCOW), '2026-03-02 10:09');
  assert.equal(local(retryOf(next('2026-03-02T08:30')).at, MOSCOW), '2026-03-02 11:30');
  assert.equal(local(retryOf(next('2026-03-02T09:00')).at, MOSCOW), '2026-03-03 10:09');
  assert.deepEqual(next('2026-03-22T09:00'), { next: 'stop', why: 'ladder_ended' });
});

test('two tries within a day give the card a day of rest, for whichever bills they were', () => {
  const other = utc('2026-03-01T06:00');
  const facts = factsOf([decline(FIRST, 'terminal_limit')], {
    card: cardOf({ declinedAt: [other] }),
  });
  // Twenty-four hours after the second try; the first alone would have been over at nine.
  assert.ok(retryOf(after(facts)).at.getTime() >= FIRST.getTime() + 86_400_000);
  const late = factsOf([decline(utc('2026-03-01T08:30'), 'terminal_limit')], {
    card: cardOf({ declinedAt: [other] }),
  });
  assert.equal(local(retryOf(after(late)).at, MOSCOW), '2026-03-02 11:30');
});

test('tries that lie a whole day apart are no two within a day', () => {
  const declines = [
    decline(FIRST, 'terminal_limit'),
    decline(utc('2026-03-02T07:00'), 'terminal_limit'),
  ];
  const soon = { ...policy, retryDays: [1, 2], hours: { fromMinute: 0, toMinute: 1440 } };
  const next = nextAttempt(factsOf(declines), { policy: soon, now: utc('2026-03-02T07:00') });
  assert.equal(local(retryOf(next).at, MOSCOW).slice(0, 10), '2026-03-03');
  const closer = [declines[0] as Decline, decline(utc('2026-03-02T06:59'), 'terminal_limit')];
  const rested = nextAttempt(factsOf(closer), { policy: soon, now: utc('2026-03-02T06:59') });
  assert.equal(local(retryOf(rested).at, MOSCOW), '2026-03-03 09:59');
});

test('a technical retry that the gateway or the card’s rest forbids is made on the next morning instead', () => {
  const waits = { ...decline(FIRST, 'gateway_error'), retryAfter: utc('2026-03-01T10:00') };
  const told = retryOf(after(factsOf([waits])));
  assert.deepEqual([local(told.at, MOSCOW), told.because], ['2026-03-02 10:09', 'schedule']);
  const card = cardOf({ declinedAt: [utc('2026-03-01T06:50')] });
  const tired = retryOf(after(factsOf([decline(FIRST, 'gateway_error')], { card })));
  assert.equal(tired.because, 'schedule');
  // Planned at once, and then the card was tried elsewhere: not at the same hour of another night.
  const late = [decline(utc('2026-03-01T20:00'), 'gateway_error')];
  const planned = retryOf(after(factsOf(late)));
  const tried = { card: cardOf({ declinedAt: [utc('2026-03-01T20:05')] }) };
  const asked = attemptNow(factsOf(late, tried), {
    ...{ policy, now: planned.at, plannedAt: planned.at, because: planned.because },
  });
  assert.equal(local(retryOf(asked as NextAttempt).at, MOSCOW), '2026-03-03 10:09');
});

test('declines of several bills at one instant count one by one', () => {
  const at = utc('2026-02-09T07:00');
  const card = cardOf({ brand: 'Visa', declinedAt: Array.from({ length: 14 }, () => at) });
  const next = retryOf(after(factsOf([decline(FIRST, 'terminal_limit')], { card })));
  assert.equal(local(next.at, MOSCOW), '2026-03-11 10:09', 'thirty days after them');
});

test('the budget of a network holds over all bills of a card: Visa fifteen in thirty days', () => {
  const declinedAt = Array.from(
    { length: 14 },
    (_, index) => new Date(FIRST.getTime() - (index + 1) * 2 * 86_400_000),
  );
  const oldest = declinedAt.at(-1) ?? FIRST;
  const at = (brand: string) =>
    after(factsOf([decline(FIRST, 'terminal_limit')], { card: cardOf({ brand, declinedAt }) }));
  const visa = retryOf(at('VISA'));
  assert.ok(visa.at.getTime() >= oldest.getTime() + 30 * 86_400_000);
  for (const brand of ['MasterCard', 'MIR']) {
    assert.equal(local(retryOf(at(brand)).at, MOSCOW), '2026-03-02 10:09', brand);
  }
});

test('right before the call it is asked again: the card may have been tried for another bill', () => {
  const declines = [decline(FIRST, 'terminal_limit')];
  const planned = retryOf(after(factsOf(declines)));
  const options = { policy, now: planned.at, plannedAt: planned.at, because: planned.because };
  assert.deepEqual(attemptNow(factsOf(declines), options), { next: 'go' });
  const minuteAgo = new Date(planned.at.getTime() - 60_000);
  const twice = [new Date(minuteAgo.getTime() - 60_000), minuteAgo];
  const tried = { card: cardOf({ declinedAt: twice }) };
  const moved = retryOf(attemptNow(factsOf(declines, tried), options) as NextAttempt);
  assert.ok(moved.at.getTime() >= minuteAgo.getTime() + 86_400_000);
  const gone = attemptNow(factsOf(declines, { ended: 'paid' }), options);
  assert.deepEqual(gone, { next: 'stop', why: 'paid' });
  const early = attemptNow(factsOf(declines), { ...options, now: minuteAgo });
  assert.deepEqual(early, { next: 'retry', at: planned.at, because: 'schedule' });
});

test('a worker that comes hours late makes the retry in the next morning, the last one too', () => {
  const declines = [decline(FIRST, 'terminal_limit')];
  const plannedAt = utc('2026-03-14T07:09:00');
  const ask = (now: string, facts = factsOf(declines)) =>
    attemptNow(facts, { policy, now: utc(now), plannedAt, because: 'before_step' });
  assert.deepEqual(ask('2026-03-14T08:59'), { next: 'go' });
  const late = retryOf(ask('2026-03-14T09:00') as NextAttempt);
  assert.equal(local(late.at, MOSCOW), '2026-03-15 10:09');
  assert.deepEqual(ask('2026-03-21T07:09'), { next: 'go' }, 'the last morning of the ladder');
  assert.deepEqual(ask('2026-03-22T09:00'), { next: 'stop', why: 'ladder_ended' });
});
