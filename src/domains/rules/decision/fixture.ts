import {
  type Consent,
  createRulebook,
  type EntityFacts,
  type Facts,
  parseRuleSet,
  type Rulebook,
  type RuleRequest,
  type RuleSet,
} from '#rules/decision';
import { readLaws } from '#rules/laws';

/** What tests of decisions start from: a creditor with one provider, and a debtor with a number of Moscow. */
export const laws = await readLaws();
export const shippedBook = createRulebook(laws);

const HOUR_MS = 3_600_000;

export const alfa: EntityFacts = {
  ...{ key: 'alfa', active: true, names: ['Альфа Финанс', 'Alfa'], phone: '+7 495 123-45-67' },
  switches: {},
  providers: [
    {
      ...{ provider: 'smsc', enabled: true },
      senders: [{ sender: 'Alfa' }, { sender: '+74951234567' }],
    },
  ],
};

/** In English, since the laws of several countries read it. */
export const DEBT_TEXT =
  'Alfa: Ваша задолженность просрочена, звоните 8 (495) 123-45-67. Reply STOP to opt out';

export function debtRequest(more: Partial<RuleRequest> & { readonly at: Date }): RuleRequest {
  const { at, ...others } = more;
  return {
    ...{ message: 'sms_1', entity: 'alfa', class: 'debt', channel: 'sms' },
    ...{ recipient: '+79161234567', sender: 'Alfa', body: DEBT_TEXT, segments: 2 },
    expiresAt: new Date(at.getTime() + 50 * 24 * HOUR_MS),
    ...others,
  };
}

export function factsOf(more: Partial<Facts> = {}): Facts {
  return {
    ...{ rulebook: shippedBook, entity: alfa, suppressions: [], consents: [], overrides: [] },
    ...{ counted: new Map(), ...more },
  };
}

export const marketingConsent: Consent = {
  ...{ purpose: 'marketing', proof: 'written', givenAt: new Date('2020-01-01T00:00:00Z') },
};

/** A set with only what a test is about. */
export function setOf(rules: readonly unknown[], more: Partial<RuleSet> = {}): RuleSet {
  return parseRuleSet({
    ...{ id: 'test', version: 1, title: 'Test', jurisdiction: '*', legalBasis: [] },
    ...{ status: 'active', effective: { from: '2020-01-01T00:00:00Z' }, onConflict: 'strictest' },
    ...{ appliesWhen: { all: [] }, switches: [], rules },
    ...more,
  });
}

export function bookOf(...sets: readonly RuleSet[]): Rulebook {
  return createRulebook({ ...laws, sets });
}

export function windowRule(more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    ...{ kind: 'timeWindow', id: 'window', title: 'Window', capValidityToWindow: true },
    windows: { work: [['08:00', '22:00']], off: [['09:00', '20:00']] },
    ...more,
  };
}

export function capRule(more: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    ...{ kind: 'frequencyCap', id: 'cap', title: 'Cap', limit: 2, counter: 'message' },
    key: [{ part: 'creditorGroup' }, { part: 'person' }],
    ...more,
  };
}
