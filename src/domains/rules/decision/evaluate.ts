import { type AppliedRules, applyRules } from './apply-rules.ts';
import { capsOf } from './caps.ts';
import { chooseProviders } from './choose-providers.ts';
import type { Decision, RejectCode, TraceLine } from './decision.ts';
import type { Facts } from './facts.ts';
import { judgeContent } from './judge-content.ts';
import { judgeConsents, judgeSuppressions } from './judge-recipient.ts';
import type { RuleRequest } from './request.ts';
import type { ReadySet } from './rulebook.ts';
import { findSlot, type Slot, type Timing } from './schedule.ts';
import { countersOf } from './scopes.ts';
import { traceLocalTime, traceTiming } from './trace-timing.ts';
import { Windows, windowSources } from './windows.ts';
import { sayDuration, sayList } from './wording.ts';

/** Further ahead nothing is promised: rules, calendars and the person's wishes change. */
export const HORIZON_MS = 60 * 86_400_000;

/**
 * What the rules say of a message at a moment. First what no waiting mends (entity, provider, stop lists, consent,
 * text), then the earliest moment that all windows and limits allow, up to sixty days ahead.
 */
export function evaluate(request: RuleRequest, facts: Facts, now: Date): Decision {
  const nowMs = now.getTime();
  const { entity } = facts;
  if (!entity)
    return refuse('entity_unknown', `There is no legal entity ${request.entity}: add it first`);
  if (!entity.active) return refuse('entity_inactive', `The entity ${entity.key} is switched off`);
  const startMs = Math.max(nowMs, request.notBefore?.getTime() ?? nowMs);
  if (request.expiresAt.getTime() <= startMs) {
    const text = `The message is of no use after ${request.expiresAt.toISOString()}`;
    return {
      outcome: 'reject',
      code: 'expired',
      trace: [{ rule: 'expiry', result: 'rejects', text }],
    };
  }
  const horizonMs = nowMs + HORIZON_MS;
  const applied = applyRules(request, facts, nowMs);
  const inSight = applied.rules.filter(({ ready }) => ready.set.fromMs < horizonMs);
  const sets = new Set(inSight.map(({ ready }) => ready.set));
  const lines: TraceLine[] = [
    ...traceSwitches(applied, sets),
    ...traceLocalTime(localTimes(applied, sets)),
  ];
  const inForce = inSight.filter(({ ready }) => ready.set.fromMs <= nowMs);
  const judged = [
    ...judgeSuppressions(inForce, facts, nowMs),
    ...judgeConsents(inForce, facts, nowMs),
    ...judgeContent(inForce, request, entity),
  ];
  const choice = chooseProviders(request, entity, { rules: inForce, nowMs });
  lines.push(...judged.map(({ line }) => line), ...choice.lines);
  const code = judged.find((one) => one.code)?.code ?? choice.code;
  if (code) return { outcome: 'reject', code, trace: lines };
  const timing: Timing = {
    windows: new Windows(windowSources(inSight, facts), facts.rulebook.calendars),
    caps: capsOf(inSight, facts),
    startMs,
    expiresMs: request.expiresAt.getTime(),
    horizonMs,
  };
  const slot = findSlot(request.spreadBy ?? request.message, timing);
  lines.push(...traceTiming(timing));
  return conclude(slot, { request, applied, lines, nowMs, providers: choice.providers });
}

interface Found {
  readonly request: RuleRequest;
  readonly applied: AppliedRules;
  readonly lines: readonly TraceLine[];
  readonly nowMs: number;
  readonly providers: readonly string[];
}

function conclude(slot: Slot | undefined, found: Found): Decision {
  const { request, applied, lines, nowMs, providers } = found;
  if (!slot) {
    const text = `No moment before ${lastMoment(request, nowMs)} is allowed by all rules`;
    const trace: TraceLine[] = [...lines, { rule: 'schedule', result: 'rejects', text }];
    return { outcome: 'reject', code: 'no_legal_slot', trace };
  }
  const validUntil = new Date(slot.validUntilMs);
  if (slot.atMs <= nowMs) {
    const scopes = countersOf(applied.rules);
    return { outcome: 'send', validUntil, providers, scopes, trace: lines };
  }
  const notBefore = new Date(slot.atMs);
  const spread = slot.spreadMs > 0 ? `, spread by ${sayDuration(slot.spreadMs)}` : '';
  const text = `All rules allow it at ${notBefore.toISOString()}${spread}`;
  const trace: TraceLine[] = [
    ...lines,
    { rule: 'schedule', result: 'defers', text, until: notBefore },
  ];
  return { outcome: 'defer', notBefore, validUntil, providers, trace };
}

function lastMoment(request: RuleRequest, nowMs: number): string {
  return new Date(Math.min(request.expiresAt.getTime(), nowMs + HORIZON_MS)).toISOString();
}

function refuse(code: RejectCode, text: string): Decision {
  return { outcome: 'reject', code, trace: [{ rule: 'entity', result: 'rejects', text }] };
}

function traceSwitches(
  { silenced }: AppliedRules,
  sets: ReadonlySet<ReadySet>,
): readonly TraceLine[] {
  return silenced
    .filter(({ ready }) => sets.has(ready.set))
    .map(({ ready, switches }) => ({
      rule: ready.name,
      result: 'not_applicable',
      text: `Left out by the switch ${sayList(switches)}`,
    }));
}

function localTimes({ located }: AppliedRules, sets: ReadonlySet<ReadySet>) {
  return [...located]
    .filter(([set]) => sets.has(set))
    .map(([set, where]) => [set.name, where] as const);
}
