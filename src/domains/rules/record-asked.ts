import { hash } from 'node:crypto';
import type { Decision, RuleRequest, TraceLine } from '#rules/decision';
import type { AskedRow, insertAsked } from './asked-store.ts';

/** As it is kept: of the text its digest and length, enough to tell whether it was this one. */
export function askedRow(of: {
  readonly request: RuleRequest;
  readonly decision: Decision;
  readonly now: Date;
}): Parameters<typeof insertAsked>[1][number] {
  const { decision, now, request } = of;
  return {
    ...{ at: now, message: request.message, entity: request.entity, class: request.class },
    ...{ recipient: request.recipient, person: request.person ?? null },
    ...{ sender: request.sender ?? null, providers: request.providers ?? null },
    ...{ segments: request.segments, body_length: request.body.length },
    body_digest: hash('sha256', keptText(request)),
    ...{ time_zone: request.timeZone ?? null, region: request.region ?? null },
    ...{ tags: request.tags ?? [], attributes: request.attributes ?? {} },
    ...{ not_before: request.notBefore ?? null, expires_at: request.expiresAt },
    ...{ outcome: decision.outcome, reason: reasonOf(decision), until: untilOf(decision) },
  };
}

/** Whoever has the digest of a text finds its PIN by trying ten thousand. */
function keptText({ body, secret = false }: RuleRequest): string {
  return secret ? body.replace(/\d{4,}/g, '') : body;
}

/** Of a reject its code, of a defer the rule that put it off furthest. */
export function reasonOf(decision: Decision): string | null {
  if (decision.outcome === 'reject') return decision.code;
  if (decision.outcome === 'send') return null;
  return decisiveLine(decision)?.rule ?? null;
}

/** The line of the trace that made it a reject or a defer: a rule's own, before the sum of them. */
export function decisiveLine({ outcome, trace }: Decision): TraceLine | undefined {
  if (outcome === 'send') return undefined;
  if (outcome === 'reject') return trace.findLast(({ result }) => result === 'rejects');
  const deferring = trace.filter(({ result }) => result === 'defers');
  const ofRules = deferring.filter(({ rule }) => rule.includes('/'));
  const untilMs = ({ until }: TraceLine) => until?.getTime() ?? 0;
  const furthest = ofRules.toSorted((one, other) => untilMs(other) - untilMs(one))[0];
  return furthest ?? deferring.at(-1);
}

function untilOf(decision: Decision): Date | null {
  if (decision.outcome === 'reject') return null;
  return decision.outcome === 'send' ? decision.validUntil : decision.notBefore;
}

/** The request again. In place of its text stands the digest: the same text is still the same. */
export function requestOf(row: AskedRow & { readonly body_digest: string }): RuleRequest {
  return {
    ...{ message: row.message, entity: row.entity, channel: 'sms', recipient: row.recipient },
    class: row.class as RuleRequest['class'],
    ...{
      body: row.body_digest,
      segments: row.segments,
      tags: row.tags,
      attributes: row.attributes,
    },
    expiresAt: row.expires_at,
    ...(row.person === null ? {} : { person: row.person }),
    ...(row.sender === null ? {} : { sender: row.sender }),
    ...(row.providers === null ? {} : { providers: row.providers }),
    ...(row.time_zone === null ? {} : { timeZone: row.time_zone }),
    ...(row.region === null ? {} : { region: row.region }),
    ...(row.not_before === null ? {} : { notBefore: row.not_before }),
  };
}
