import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AllowedProvider,
  type Decision,
  type EntityFacts,
  evaluate,
  type RuleRequest,
} from '#rules/decision';
import { alfa, bookOf, debtRequest, factsOf, setOf } from './fixture.ts';

const at = new Date('2026-03-10T12:00:00+03:00');
const open = bookOf();

function provider(name: string, more: Partial<AllowedProvider> = {}): AllowedProvider {
  return { provider: name, enabled: true, senders: [{ sender: 'Alfa' }], ...more };
}

function decide(
  providers: readonly AllowedProvider[],
  more: Partial<RuleRequest> = {},
  rules: readonly unknown[] = [],
): Decision {
  const rulebook = rules.length > 0 ? bookOf(setOf(rules)) : open;
  const entity = { ...alfa, providers };
  return evaluate(debtRequest({ at, ...more }), factsOf({ rulebook, entity }), at);
}

function answer(decision: Decision): string {
  return decision.outcome === 'reject' ? decision.code : decision.providers.join(' ');
}

test('the order of providers is the caller’s, else the entity’s', () => {
  const three = [provider('a'), provider('b'), provider('c')];
  assert.equal(answer(decide(three)), 'a b c');
  assert.equal(answer(decide(three, { providers: ['c', 'a', 'c'] })), 'c a');
  assert.equal(answer(decide(three, { providers: ['c', 'x'] })), 'c');
  assert.equal(answer(decide(three, { providers: ['x'] })), 'provider_not_allowed');
  assert.equal(answer(decide(three, { providers: [] })), 'provider_not_allowed');
  assert.equal(answer(decide([])), 'provider_not_allowed');
});

test('a provider that is switched off, not yet or no longer the entity’s is left out', () => {
  const list = [
    provider('off', { enabled: false }),
    provider('ended', { until: at }),
    provider('later', { since: new Date(at.getTime() + 1) }),
    provider('good', { since: at, until: new Date(at.getTime() + 1) }),
  ];
  assert.equal(answer(decide(list)), 'good');
});

test('a sender must be registered for the class at the moment, provider by provider', () => {
  const list = [
    provider('none', { senders: [] }),
    provider('other', { senders: [{ sender: 'ALFA' }] }),
    provider('ended', { senders: [{ sender: 'Alfa', until: at }] }),
    provider('ads', { senders: [{ sender: 'Alfa', classes: ['ad'] }] }),
    provider('good', { senders: [{ sender: 'x' }, { sender: 'Alfa', classes: ['debt'] }] }),
  ];
  assert.equal(answer(decide(list)), 'good');
  assert.equal(answer(decide(list.slice(0, 4))), 'sender_not_registered');
  const { sender: _, ...unnamed } = debtRequest({ at });
  const entity = { ...alfa, providers: list };
  assert.equal(
    answer(evaluate(unnamed, factsOf({ rulebook: open, entity }), at)),
    'none other good',
  );
});

test('a rule about senders keeps providers through which only fitting senders can be seen', () => {
  const rule = { kind: 'senderIdentity', id: 'sender', title: 'Sender', allow: ['entity-name'] };
  const list = [
    provider('mixed', { senders: [{ sender: 'Alfa' }, { sender: '4455' }] }),
    provider('fits', { senders: [{ sender: 'ALFA' }] }),
    provider('none', { senders: [] }),
  ];
  assert.equal(answer(decide(list, {}, [rule])), 'mixed');
  assert.equal(answer(decide(list, { sender: '4455' }, [rule])), 'sender_not_registered');
  const { sender: _, ...unnamed } = debtRequest({ at });
  const facts = factsOf({ rulebook: bookOf(setOf([rule])), entity: { ...alfa, providers: list } });
  assert.equal(answer(evaluate(unnamed, facts, at)), 'fits');
});

test('a rule about providers asks for their country, and one that tells none is not of it', () => {
  const rule = { kind: 'provider', id: 'residence', title: 'In Russia', countries: ['RU'] };
  const list = [provider('a', { country: 'RU' }), provider('b', { country: 'US' }), provider('c')];
  assert.equal(answer(decide(list, {}, [rule])), 'a');
  assert.equal(answer(decide(list.slice(1), {}, [rule])), 'provider_not_allowed');
  const forbid = { kind: 'provider', id: 'no-a', title: 'Not a', forbid: ['a'] };
  assert.equal(answer(decide(list, {}, [forbid])), 'b c');
});

test('entities that are unknown or switched off, and messages of no use, are told before all else', () => {
  const now = new Date(at);
  const code = (facts: Partial<Parameters<typeof evaluate>[1]>, more: Partial<RuleRequest> = {}) =>
    answer(evaluate(debtRequest({ at, ...more }), factsOf(facts), now));
  assert.equal(code({ entity: undefined }), 'entity_unknown');
  assert.equal(code({ entity: { ...alfa, active: false } }), 'entity_inactive');
  assert.equal(code({}, { expiresAt: at }), 'expired');
  assert.equal(
    code({}, { notBefore: new Date('2026-03-11'), expiresAt: new Date('2026-03-11') }),
    'expired',
  );
  assert.equal(code({}, { expiresAt: new Date(at.getTime() + 1) }), 'smsc');
});

function textCode(body: string, rule: object, entity: Partial<EntityFacts> = {}): string {
  const rules = [{ kind: 'content', id: 'text', title: 'Text', ...rule }];
  const facts = factsOf({ rulebook: bookOf(setOf(rules)), entity: { ...alfa, ...entity } });
  const decision = evaluate(debtRequest({ at, body, segments: 2 }), facts, at);
  return decision.outcome === 'reject' ? decision.code : decision.outcome;
}

test('a phone is found however it is written, and a name whatever its case and quotes', () => {
  const rule = {
    mustContain: [
      { what: 'name', anyOf: ['{entity.name}'] },
      { what: 'phone', anyOf: ['{entity.phone}'] },
    ],
  };
  for (const phone of [
    '+7 (495) 123-45-67',
    '84951234567',
    '8\u00a0495\u2011123\u201145\u201167',
    '495 1234567',
    '8 495 123 45 67 9:00-18:00',
  ])
    assert.equal(textCode(`«Альфа  ФИНАНС»: ${phone}.`, rule), 'send', phone);
  for (const phone of ['+7 495 123-45-68', '123-45-67', '', '849512345671'])
    assert.equal(textCode(`Альфа Финанс: ${phone}`, rule), 'content_missing', phone);
  assert.equal(textCode('Альфа: 84951234567', rule), 'content_missing');
  const { phone: _, ...unphoned } = alfa;
  const facts = factsOf({
    rulebook: bookOf(setOf([{ kind: 'content', id: 'text', title: 'Text', ...rule }])),
    entity: unphoned,
  });
  const body = 'Альфа Финанс: 84951234567';
  assert.equal(answer(evaluate(debtRequest({ at, body }), facts, at)), 'content_missing');
});

test('phrases, links and segments that a rule forbids are refused', () => {
  assert.equal(textCode('Приедем  К вам', { forbid: ['приедем к вам'] }), 'content_forbidden');
  const links = { linkHosts: ['alfa.ru'] };
  for (const body of ['https://alfa.ru/a', 'http://pay.alfa.ru:8080', 'alfa.ru/x', 'no link, a.b'])
    assert.equal(textCode(body, links), 'send', body);
  for (const body of [
    ...['https://evil.ru', 'http://alfa.ru@evil.ru/', 'https://alfa.ru.evil.ru', 'see evil.ru/pay'],
    ...['https://notalfa.ru', 'HTTPS://EVIL.RU'],
  ])
    assert.equal(textCode(body, links), 'content_forbidden', body);
  assert.equal(textCode('https://mine.ru', links, { linkHosts: ['mine.ru'] }), 'send');
  assert.equal(textCode('text', { maxSegments: 1 }), 'too_many_segments');
  assert.equal(textCode('text', { maxSegments: 2 }), 'send');
});
