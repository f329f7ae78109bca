import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Decision,
  evaluate,
  type Facts,
  type RuleRequest,
  retentionRules,
} from '#rules/decision';
import { alfa, debtRequest, factsOf, laws, marketingConsent, shippedBook } from './fixture.ts';

const SPREAD_MS = 15 * 60_000;

/** An advertising text to somebody who has consented; in the words that each law asks for. */
function decideAd(
  at: string,
  recipient: string,
  { request = {}, facts = {} }: { request?: Partial<RuleRequest>; facts?: Partial<Facts> } = {},
): Decision {
  const now = new Date(at);
  const body = 'Sale at Alfa! Reply STOP to end';
  return evaluate(
    debtRequest({ at: now, class: 'ad', recipient, body, segments: 1, ...request }),
    factsOf({ consents: [marketingConsent], ...facts }),
    now,
  );
}

function assertOpens(decision: Decision, opening: string): void {
  assert.ok(decision.outcome === 'defer', JSON.stringify(decision, null, 1));
  const lateMs = decision.notBefore.getTime() - Date.parse(opening);
  assert.ok(
    lateMs >= 0 && lateMs < SPREAD_MS,
    `${decision.notBefore.toISOString()}, not ${opening}`,
  );
}

function assertSends(decision: Decision, until: string): void {
  assert.ok(decision.outcome === 'send', JSON.stringify(decision, null, 1));
  assert.equal(decision.validUntil.toISOString(), new Date(until).toISOString());
}

function codeOf(decision: Decision): string {
  return decision.outcome === 'reject' ? decision.code : decision.outcome;
}

test('all laws that come with Kopek parse, and none names a switch twice', () => {
  const ids = laws.sets.map(({ id, version }) => `${id}@${version}`);
  assert.deepEqual([...new Set(ids)], ids);
  for (const set of laws.sets) {
    assert.ok(set.legalBasis.length > 0, set.id);
    assert.equal(set.status, 'active', set.id);
  }
});

test('Texas on a Sunday begins at noon', () => {
  const dallas = '+12145550100';
  assertOpens(decideAd('2026-06-14T09:00:00-05:00', dallas), '2026-06-14T12:00:00-05:00');
  assertSends(decideAd('2026-06-14T12:00:00-05:00', dallas), '2026-06-14T21:00:00-05:00');
  assertSends(decideAd('2026-06-13T09:00:00-05:00', dallas), '2026-06-13T21:00:00-05:00');
  const entity = { ...alfa, switches: { 'us-tcpa/state-hours': 'federal-only' } };
  assertSends(
    decideAd('2026-06-14T08:00:00-05:00', dallas, { facts: { entity } }),
    '2026-06-14T21:00:00-05:00',
  );
});

test('a code of two zones is kept in both: western Florida from 8 in Chicago to 20 in New York', () => {
  const pensacola = '+18505550100';
  assertOpens(decideAd('2026-06-10T08:30:00-04:00', pensacola), '2026-06-10T08:00:00-05:00');
  assertSends(decideAd('2026-06-10T09:00:00-04:00', pensacola), '2026-06-10T20:00:00-04:00');
});

test('the day on which an hour is left out, and the one on which it comes twice, begin by the clock on the wall', () => {
  const newYork = '+12125550100';
  assertOpens(decideAd('2026-03-07T23:00:00-05:00', newYork), '2026-03-08T08:00:00-04:00');
  assertSends(decideAd('2026-03-08T20:30:00-04:00', newYork), '2026-03-08T21:00:00-04:00');
  assertOpens(decideAd('2026-10-31T23:00:00-04:00', newYork), '2026-11-01T08:00:00-05:00');
  assertSends(decideAd('2026-11-01T20:30:00-05:00', newYork), '2026-11-01T21:00:00-05:00');
});

test('an American number that tells no state keeps the hours of all of them', () => {
  const tollFree = '+18885550100';
  // From 8 in Honolulu (18:00 UTC in winter) to 17 in Rhode Island at the weekend.
  assertOpens(decideAd('2026-01-17T12:00:00Z', tollFree), '2026-01-17T18:00:00Z');
  const aleutian = decideAd('2026-01-17T18:00:00Z', tollFree);
  assertSends(aleutian, '2026-01-17T22:00:00Z');
});

test('in Florida no fourth message within 24 hours', () => {
  const scope = 'us-tcpa/florida|entity:alfa|person:+13055550100';
  const counted = ['09', '10', '11'].map((hour) => new Date(`2026-06-10T${hour}:00:00-04:00`));
  const facts = { counted: new Map([[scope, counted]]) };
  const decision = decideAd('2026-06-10T12:00:00-04:00', '+13055550100', { facts });
  assert.ok(decision.outcome === 'defer');
  assert.equal(decision.notBefore.toISOString(), '2026-06-11T13:00:00.000Z');
});

test('14 July in France is closed, and so is every Sunday; Saturday is not', () => {
  const paris = '+33612345678';
  assertOpens(decideAd('2026-07-14T12:00:00+02:00', paris), '2026-07-15T10:00:00+02:00');
  assertOpens(decideAd('2026-07-12T12:00:00+02:00', paris), '2026-07-13T10:00:00+02:00');
  assertSends(decideAd('2026-07-11T12:00:00+02:00', paris), '2026-07-11T20:00:00+02:00');
  const entity = { ...alfa, switches: { 'fr-marketing/hours': 'from-8-until-22' } };
  const wider = decideAd('2026-07-11T12:00:00+02:00', paris, { facts: { entity } });
  assertSends(wider, '2026-07-11T22:00:00+02:00');
});

test('India’s promotion begins at ten, or at nine by the switch, under a registered header with -P', () => {
  const providers = [
    {
      ...{ provider: 'smsc', enabled: true },
      senders: [{ sender: 'ALFA-P', registration: '1101' }, { sender: 'ALFA-S' }],
    },
  ];
  const india = '+919812345678';
  const entity = { ...alfa, providers };
  const request = { sender: 'ALFA-P' };
  const at = '2026-06-10T09:30:00+05:30';
  assertOpens(decideAd(at, india, { request, facts: { entity } }), '2026-06-10T10:00:00+05:30');
  const nine = { ...entity, switches: { 'in-tcccpr/promotional-hours': 'from-9' } };
  assertSends(
    decideAd(at, india, { request, facts: { entity: nine } }),
    '2026-06-10T21:00:00+05:30',
  );
  const other = decideAd(at, india, { request: { sender: 'ALFA-S' }, facts: { entity } });
  assert.equal(codeOf(other), 'sender_not_registered');
});

test('German advertising needs an express consent; a customer’s is one only by the switch', () => {
  const german = '+4915112345678';
  const consents = [{ ...marketingConsent, proof: 'existing-customer' }];
  const at = '2026-06-10T12:00:00+02:00';
  assert.equal(codeOf(decideAd(at, german)), 'send');
  assert.equal(codeOf(decideAd(at, german, { facts: { consents } })), 'no_consent');
  const entity = { ...alfa, switches: { 'de-uwg/existing-customers': 'yes' } };
  assert.equal(codeOf(decideAd(at, german, { facts: { consents, entity } })), 'send');
});

test('Russian advertising needs consent, ends with STOP or a refusal at the operator, and warns about credit', () => {
  const at = '2026-06-10T12:00:00+03:00';
  const moscow = '+79161234567';
  const codeWith = (facts: Partial<Facts>, request: Partial<RuleRequest> = {}) =>
    codeOf(decideAd(at, moscow, { facts, request }));
  assert.equal(codeWith({}), 'send');
  assert.equal(codeWith({ consents: [] }), 'no_consent');
  assert.equal(codeWith({ consents: [{ ...marketingConsent, proof: 'tick-box' }] }), 'no_consent');
  const withdrawnAt = new Date('2030-01-01T00:00:00Z');
  assert.equal(codeWith({ consents: [{ ...marketingConsent, withdrawnAt }] }), 'no_consent');
  const refusal = [{ list: 'operator_refusal', since: new Date(at) }];
  assert.equal(codeWith({ suppressions: refusal }), 'suppressed');
  const ended = [
    { ...refusal[0], list: 'operator_refusal', since: new Date(0), until: new Date(at) },
  ];
  assert.equal(codeWith({ suppressions: ended }), 'send');
  const warned = 'Кредит от Alfa. «Оцените свои финансовые  возможности и риски».';
  assert.equal(codeWith({}, { tags: ['finance'] }), 'content_missing');
  assert.equal(codeWith({}, { tags: ['finance'], body: warned }), 'send');
});

test('the standard time of an entity binds all classes but codes and emergencies', () => {
  const nine = [['09:00', '21:00']];
  const entity = { ...alfa, standardTime: { work: nine, off: [['11:00', '19:00']] } };
  const decide = (more: Partial<RuleRequest>, at = '2026-06-10T22:00:00+03:00', who = entity) =>
    evaluate(debtRequest({ at: new Date(at), ...more }), factsOf({ entity: who }), new Date(at));
  assertOpens(decide({ class: 'service' }), '2026-06-11T09:00:00+03:00');
  assertOpens(decide({ class: 'transaction' }), '2026-06-11T09:00:00+03:00');
  assert.equal(decide({ class: 'auth' }).outcome, 'send');
  assert.equal(decide({ class: 'emergency' }).outcome, 'send');
  const exempt = { ...entity, switches: { 'std/transaction': 'exempt' } };
  assert.equal(decide({ class: 'transaction' }, undefined, exempt).outcome, 'send');
  // Stricter than the law, and the law stricter than it: both hold.
  assertOpens(decide({}, '2026-06-10T08:30:00+03:00'), '2026-06-10T09:00:00+03:00');
  assertSends(decide({}, '2026-06-13T12:00:00+03:00'), '2026-06-13T19:00:00+03:00');
  // Friday 12 June is a public holiday, which the calendar of the law knows and the standard time does not.
  assertSends(decide({}, '2026-06-12T09:30:00+03:00'), '2026-06-12T20:00:00+03:00');
});

test('a STOP ends what is not a transaction; what the company has blocked is ended whole', () => {
  const decide = (list: string, more: Partial<RuleRequest>) => {
    const at = new Date('2026-06-10T12:00:00+03:00');
    const suppressions = [{ list, since: at }];
    return codeOf(evaluate(debtRequest({ at, ...more }), factsOf({ suppressions }), at));
  };
  assert.equal(decide('stop', { class: 'service' }), 'suppressed');
  assert.equal(decide('stop', { class: 'debt' }), 'suppressed');
  assert.equal(decide('stop', { class: 'transaction' }), 'send');
  assert.equal(decide('stop', { class: 'auth' }), 'send');
  assert.equal(decide('blocked', { class: 'transaction' }), 'suppressed');
  assert.equal(decide('something_else', { class: 'service' }), 'send');
});

test('Regulation F asks for the way out in each text', () => {
  const at = new Date('2026-06-10T12:00:00-04:00');
  const decide = (body: string) =>
    codeOf(evaluate(debtRequest({ at, recipient: '+12125550100', body }), factsOf(), at));
  assert.equal(decide('Alfa about your debt: +7 495 123-45-67. Reply STOP to opt out'), 'send');
  assert.equal(decide('Alfa about your debt: +7 495 123-45-67'), 'content_missing');
});

test('how long records are kept is told per law and version', () => {
  assert.deepEqual(
    retentionRules(shippedBook).map(({ set, keep }) => `${set} ${keep}`),
    ['de-uwg P5Y', 'ru-230fz P3Y', 'ru-230fz P18M'],
  );
});
