import { digest } from './digest.ts';
import type { KnownFacts } from './facts.ts';
import type { RuleRequest } from './request.ts';

/**
 * `ru-230fz/message|group:alfa|person:+79161234567`. A message to a person who is named counts for the person and
 * for the number: otherwise one with a name and one without would pass each other by.
 */
export function scopeNames(
  counter: { readonly set: string; readonly counter: string; readonly key: readonly string[] },
  request: RuleRequest,
  facts: KnownFacts,
): readonly string[] {
  let scopes = [`${counter.set}/${counter.counter}`];
  for (const part of counter.key) {
    const values = valuesOf(part, request, facts);
    scopes = scopes.flatMap((scope) => values.map((value) => `${scope}|${value}`));
  }
  return [...new Set(scopes)];
}

function valuesOf(part: string, request: RuleRequest, facts: KnownFacts): readonly string[] {
  switch (part) {
    case 'creditorGroup':
      return [`group:${keyPart(facts.entity?.creditorGroup ?? request.entity)}`];
    case 'entity':
      return [`entity:${keyPart(request.entity)}`];
    case 'person':
      return request.person === undefined
        ? [`person:${request.recipient}`]
        : [`person:${request.recipient}`, `person:${keyPart(request.person)}`];
    case 'recipient':
      return [`recipient:${request.recipient}`];
    case 'sender':
      return [`sender:${keyPart(request.sender ?? '')}`];
    case 'body':
      return [`body:${digest(request.body)}`];
    default: {
      const name = part.slice('attribute.'.length);
      return [`${name}:${keyPart(String(request.attributes?.[name] ?? ''))}`];
    }
  }
}

/** What a caller names must not look like another part of a scope. */
function keyPart(text: string): string {
  return text.replace(/[|%]/g, (found) => (found === '|' ? '%7C' : '%25'));
}
