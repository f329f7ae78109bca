import { type AppliedRule, rulesOf } from './apply-rules.ts';
import type { RejectCode, TraceLine } from './decision.ts';
import type { AllowedProvider, EntityFacts, RegisteredSender } from './facts.ts';
import type { RuleRequest } from './request.ts';
import type { RuleOf } from './rule-set.ts';
import { sayList, saySwitches } from './wording.ts';

export interface Choice {
  readonly providers: readonly string[];
  readonly lines: readonly TraceLine[];
  readonly code?: RejectCode;
}

/**
 * Which of the entity's providers may carry the message, in the order of the caller, else of the entity. A provider is
 * left out when it is switched off, not (or not any more) the entity's, lacks the sender, or when a rule forbids it.
 */
export function chooseProviders(
  request: RuleRequest,
  entity: EntityFacts,
  { rules, nowMs }: { readonly rules: readonly AppliedRule[]; readonly nowMs: number },
): Choice {
  const wanted = request.providers ?? entity.providers.map(({ provider }) => provider);
  const pairs = [...new Set(wanted)].flatMap((name) => {
    const pair = entity.providers.find(({ provider }) => provider === name);
    return pair?.enabled && inForce(pair, nowMs) ? [pair] : [];
  });
  const lines: TraceLine[] = [sayPairs(wanted, pairs)];
  if (pairs.length === 0) return { providers: [], lines, code: 'provider_not_allowed' };
  let left = pairs.filter((pair) => sendersOf(pair, request, nowMs) !== undefined);
  if (left.length < pairs.length) lines.push(saySenders(request, { pairs, left }));
  if (left.length === 0) return { providers: [], lines, code: 'sender_not_registered' };
  for (const applied of rulesOf(rules, 'senderIdentity')) {
    const kept = left.filter((pair) =>
      (sendersOf(pair, request, nowMs) ?? []).every((one) => identifies(one, applied, entity)),
    );
    const named = kept.filter((pair) => (sendersOf(pair, request, nowMs) ?? []).length > 0);
    lines.push(sayRestriction(applied, left, named));
    if (named.length === 0) return { providers: [], lines, code: 'sender_not_registered' };
    left = named;
  }
  for (const applied of rulesOf(rules, 'provider')) {
    const kept = left.filter((pair) => isAllowed(pair, applied));
    lines.push(sayRestriction(applied, left, kept));
    if (kept.length === 0) return { providers: [], lines, code: 'provider_not_allowed' };
    left = kept;
  }
  return { providers: left.map(({ provider }) => provider), lines };
}

function inForce(
  { since, until }: { readonly since?: Date; readonly until?: Date },
  nowMs: number,
): boolean {
  return (since?.getTime() ?? nowMs) <= nowMs && (until === undefined || until.getTime() > nowMs);
}

/**
 * The senders that a handset may see through this provider: the one that is asked for, else any that is registered
 * for the class. None registered and none asked for: the provider's own. Undefined: it can't be sent.
 */
function sendersOf(
  { senders }: AllowedProvider,
  request: RuleRequest,
  nowMs: number,
): readonly RegisteredSender[] | undefined {
  if (senders.length === 0 && request.sender === undefined) return [];
  const fitting = senders.filter(
    (one) => inForce(one, nowMs) && (one.classes?.includes(request.class) ?? true),
  );
  const asked = fitting.filter(
    ({ sender }) => request.sender === undefined || sender === request.sender,
  );
  return asked.length > 0 ? asked : undefined;
}

function identifies(
  { sender, registration }: RegisteredSender,
  { rule }: AppliedRule<RuleOf<'senderIdentity'>>,
  entity: EntityFacts,
): boolean {
  if (rule.registration && !registration) return false;
  if (rule.suffix !== undefined && !sender.endsWith(rule.suffix)) return false;
  if (!rule.allow) return true;
  const digits = sender.replace(/^\+/, '');
  if (/^\d+$/.test(digits)) {
    return rule.allow.includes(digits.length < 7 ? 'short-code' : 'number');
  }
  if (rule.allow.includes('any-name')) return true;
  const same = (name: string) => name.toLowerCase() === sender.toLowerCase();
  return rule.allow.includes('entity-name') && entity.names.some(same);
}

/** Where a rule asks for a country, a provider that tells none is not of it. */
function isAllowed(
  { provider, country }: AllowedProvider,
  { rule }: AppliedRule<RuleOf<'provider'>>,
): boolean {
  return (
    (rule.allow?.includes(provider) ?? true) &&
    !rule.forbid?.includes(provider) &&
    (rule.countries?.includes(country ?? '') ?? true)
  );
}

function sayPairs(wanted: readonly string[], pairs: readonly AllowedProvider[]): TraceLine {
  const named = pairs.map(({ provider }) => provider);
  const lost = [...new Set(wanted)].filter((name) => !named.includes(name));
  if (named.length === 0) {
    const text =
      wanted.length > 0
        ? `The entity may not send through ${sayList(wanted)}: not allowed for it, ended, or switched off`
        : 'The entity may not send through any provider: allow it one';
    return { rule: 'provider', result: 'rejects', text };
  }
  const text = `The entity may send through ${sayList(named)}`;
  if (lost.length === 0) return { rule: 'provider', result: 'passes', text };
  return { rule: 'provider', result: 'restricts', text: `${text}, not through ${sayList(lost)}` };
}

function saySenders(
  { sender, class: forClass }: RuleRequest,
  { pairs, left }: { pairs: readonly AllowedProvider[]; left: readonly AllowedProvider[] },
): TraceLine {
  const lost = pairs.filter((pair) => !left.includes(pair)).map(({ provider }) => provider);
  const what = sender === undefined ? 'No sender' : `The sender ${sender}`;
  const text = `${what} is registered for ${forClass} at ${sayList(lost)}`;
  const told = sender === undefined ? text : text.replace(' is registered', ' is not registered');
  return { rule: 'sender', result: left.length > 0 ? 'restricts' : 'rejects', text: told };
}

function sayRestriction(
  applied: AppliedRule,
  before: readonly AllowedProvider[],
  after: readonly AllowedProvider[],
): TraceLine {
  const { ready, rule } = applied;
  const lost = before.filter((pair) => !after.includes(pair)).map(({ provider }) => provider);
  if (lost.length === 0) return { rule: ready.name, result: 'passes', text: rule.title };
  const result = after.length > 0 ? 'restricts' : 'rejects';
  const text = `${rule.title}: not met through ${sayList(lost)}${saySwitches(applied.switches())}`;
  return { rule: ready.name, result, text };
}
