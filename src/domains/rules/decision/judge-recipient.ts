import { type AppliedRule, rulesOf } from './apply-rules.ts';
import type { RejectCode, TraceLine } from './decision.ts';
import type { Consent, KnownFacts } from './facts.ts';
import type { RuleOf } from './rule-set.ts';
import { sayList, saySwitches } from './wording.ts';

const DAY_MS = 86_400_000;

/** A line of the trace, and why the message is rejected where it is. */
export interface Judged {
  readonly line: TraceLine;
  readonly code?: RejectCode;
}

/** Stop lists, and what the law forbids to write to some people at all. */
export function judgeSuppressions(
  rules: readonly AppliedRule[],
  facts: KnownFacts,
  nowMs: number,
): readonly Judged[] {
  // Since when a number is on a list does not matter: a clock that went back would let a STOP through.
  const lists = facts.suppressions
    .filter(({ until }) => until === undefined || until.getTime() > nowMs)
    .map(({ list }) => list);
  return rulesOf(rules, 'suppression').map((applied) => {
    const { ready, rule } = applied;
    const found = [...new Set(lists.filter((list) => rule.lists.includes(list)))];
    if (found.length === 0) {
      const text = `The number is on none of: ${sayList(rule.lists)}`;
      return { line: { rule: ready.name, result: 'passes', text } };
    }
    const text = `The number is on the list ${sayList(found)}${saySwitches(applied.switches())}`;
    return { line: { rule: ready.name, result: 'rejects', text }, code: 'suppressed' };
  });
}

export function judgeConsents(
  rules: readonly AppliedRule[],
  facts: KnownFacts,
  nowMs: number,
): readonly Judged[] {
  return rulesOf(rules, 'consent').map((applied) => {
    const { ready, rule } = applied;
    const good = facts.consents.find((consent) => isGood(consent, applied, nowMs));
    if (good) {
      const given = good.givenAt.toISOString().slice(0, 10);
      const text = `Consent to ${rule.purpose} was given on ${given} (${good.proof})`;
      return { line: { rule: ready.name, result: 'passes', text } };
    }
    const proofs = rule.proofs ? ` proven by ${rule.proofs.join(' or ')}` : '';
    const age = rule.maxAgeDays ? `, given within ${rule.maxAgeDays} days` : '';
    const text = `No consent to ${rule.purpose}${proofs}${age} is in force${saySwitches(applied.switches())}`;
    return { line: { rule: ready.name, result: 'rejects', text }, code: 'no_consent' };
  });
}

/** A consent that was withdrawn is none, whatever the clock says of when. */
function isGood(
  consent: Consent,
  { rule }: AppliedRule<RuleOf<'consent'>>,
  nowMs: number,
): boolean {
  const givenMs = consent.givenAt.getTime();
  return (
    consent.purpose === rule.purpose &&
    (rule.proofs?.includes(consent.proof) ?? true) &&
    consent.withdrawnAt === undefined &&
    givenMs <= nowMs &&
    (consent.expiresAt === undefined || consent.expiresAt.getTime() > nowMs) &&
    (rule.maxAgeDays === undefined || nowMs - givenMs < rule.maxAgeDays * DAY_MS)
  );
}
