import type { AppliedRule } from './apply-rules.ts';
import type { Override } from './facts.ts';

/** A stretch of time, half-open, in which something binds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A rule's own span, less those in which agreements stand in for it; and each agreement that has a say. */
export interface BindingSpans {
  readonly own: readonly Span[];
  readonly agreements: readonly { readonly override: Override; readonly span: Span }[];
}

/**
 * When a rule binds and what agreements do to it. An agreement that the set lets replace the rule stands in for it;
 * any other binds beside it, so that it can only tighten.
 */
export function bindingSpans(
  { ready: { set }, rule }: AppliedRule,
  { overrides, replaceable }: { overrides: readonly Override[]; replaceable: ReadonlySet<string> },
): BindingSpans {
  const whole = { fromMs: set.fromMs, toMs: set.toMs };
  const agreements = overrides
    .filter((override) => override.set === set.id && [rule.id, rule.alias].includes(override.rule))
    .filter((override) => (rule.kind === 'timeWindow' ? override.windows : override.limit))
    .map((override) => ({ override, span: within(whole, override) }))
    .filter(({ span }) => span.fromMs < span.toMs);
  if (!replaceable.has(`${set.id}/${rule.id}`)) return { own: [whole], agreements };
  const own = agreements.reduce<readonly Span[]>((left, { span }) => without(left, span), [whole]);
  return { own, agreements };
}

/** `set/rule` of those that an agreement may replace. */
export function replaceableRules(rules: readonly AppliedRule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap(({ ready: { set }, rule }) =>
      rule.kind === 'override' ? rule.replaces.map((id) => `${set.id}/${id}`) : [],
    ),
  );
}

function within(whole: Span, { from, to }: Override): Span {
  return {
    fromMs: Math.max(whole.fromMs, from.getTime()),
    toMs: Math.min(whole.toMs, to?.getTime() ?? Number.POSITIVE_INFINITY),
  };
}

function without(spans: readonly Span[], gap: Span): readonly Span[] {
  return spans
    .flatMap(({ fromMs, toMs }) => [
      { fromMs, toMs: Math.min(toMs, gap.fromMs) },
      { fromMs: Math.max(fromMs, gap.toMs), toMs },
    ])
    .filter(({ fromMs, toMs }) => fromMs < toMs);
}
