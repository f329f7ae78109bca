import { type AppliedRule, rulesOf } from './apply-rules.ts';
import type { RejectCode } from './decision.ts';
import type { EntityFacts } from './facts.ts';
import type { Judged } from './judge-recipient.ts';
import type { RuleRequest } from './request.ts';
import { saySwitches } from './wording.ts';

/** Digits at the end of a phone number that tell it apart, however it is written: without country code or trunk 8. */
const PHONE_DIGITS = 10;
const BETWEEN_DIGITS = '[\\s()\\-.\\u2010-\\u2015]{0,3}';
const LINK = /\bhttps?:\/\/([^\s/?#]+)|\b((?:[a-z0-9-]+\.)+[a-zа-яё]{2,24})(?=[/?#]\S)/giu;

/** What the text must say and must not say. */
export function judgeContent(
  rules: readonly AppliedRule[],
  request: RuleRequest,
  entity: EntityFacts,
): readonly Judged[] {
  const text = plain(request.body);
  return rulesOf(rules, 'content').map((applied) => {
    const { ready, rule } = applied;
    const fault =
      findMissing(rule.mustContain ?? [], { request, text, entity }) ??
      findForbidden(rule.forbid ?? [], text) ??
      findForeignLink(rule.linkHosts, request, entity) ??
      findTooLong(rule.maxSegments, request);
    if (!fault) return { line: { rule: ready.name, result: 'passes', text: 'The text is fine' } };
    const told = `${fault.text}${saySwitches(applied.switches())}`;
    return { line: { rule: ready.name, result: 'rejects', text: told }, code: fault.code };
  });
}

interface Fault {
  readonly code: RejectCode;
  readonly text: string;
}

interface Looked {
  readonly request: RuleRequest;
  readonly text: string;
  readonly entity: EntityFacts;
}

function findMissing(
  required: readonly { readonly what: string; readonly anyOf: readonly string[] }[],
  looked: Looked,
): Fault | undefined {
  const missing = required.find(({ anyOf }) => !anyOf.some((form) => contains(form, looked)));
  if (!missing) return undefined;
  return { code: 'content_missing', text: `The text lacks ${missing.what}` };
}

/** A setting that the entity lacks can't be in a text: the message is refused until somebody fills it in. */
function contains(form: string, { request, text, entity }: Looked): boolean {
  if (form === '{entity.name}') {
    return entity.names.some((name) => plain(name) !== '' && text.includes(plain(name)));
  }
  if (form === '{entity.phone}') return containsPhone(request.body, entity.phone ?? '');
  return text.includes(plain(form));
}

function findForbidden(phrases: readonly string[], text: string): Fault | undefined {
  const found = phrases.find((phrase) => text.includes(plain(phrase)));
  if (found === undefined) return undefined;
  return { code: 'content_forbidden', text: `The text contains “${found}”` };
}

function findForeignLink(
  hosts: readonly string[] | undefined,
  request: RuleRequest,
  entity: EntityFacts,
): Fault | undefined {
  if (!hosts) return undefined;
  const allowed = [...hosts, ...(entity.linkHosts ?? [])].map((host) => host.toLowerCase());
  for (const [, ofLink = '', bare = ''] of request.body.matchAll(LINK)) {
    // What stands before an @ is a name, not the host; a port is not a part of it.
    const authority = (ofLink || bare).split('@').at(-1) ?? '';
    const host = authority.replace(/:\d+$/, '').toLowerCase();
    if (!allowed.some((one) => host === one || host.endsWith(`.${one}`)))
      return { code: 'content_forbidden', text: `The text links to ${host}, which is not allowed` };
  }
  return undefined;
}

function findTooLong(most: number | undefined, { segments }: RuleRequest): Fault | undefined {
  if (most === undefined || segments <= most) return undefined;
  const text = `The message has ${segments} segments, ${most} are allowed`;
  return { code: 'too_many_segments', text };
}

/** Letters as people compare them: without case, ё as е, quotes alike, one space between words. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[«»„“”"'’]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The last digits of the phone in their order, with whatever people put between them, and no digit right after. */
function containsPhone(body: string, phone: string): boolean {
  const digits = phone.replace(/\D/g, '').slice(-PHONE_DIGITS);
  if (digits === '') return false;
  return new RegExp(`${[...digits].join(BETWEEN_DIGITS)}(?!\\d)`).test(body);
}
