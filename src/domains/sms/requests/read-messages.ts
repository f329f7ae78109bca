import { createHash } from 'node:crypto';
import type { Clock } from '#clock';
import { AppError } from '#errors';
import { type NumberPlan, readAnyMsisdn } from '#phone';
import { readRegion, readTerms, readTimeZone, type Terms } from '#rules';
import type { MessageClass } from '#rules/decision';
import { fail } from '#sms/errors';
import { type Origin, OWN } from '#sms/message';
import type { RuleFacts } from '#sms/message-store';
import { readReceiverUrl } from '#webhooks';
import type { Asked } from './intake.ts';
import { invalid, mustBeWords, segmentsOf, unstorableIn } from './message-text.ts';
import type { Recipient } from './shapes.ts';
import { renderTemplate } from './template.ts';

/** What a caller wants sent, as both routes have it; the text is the template's where there is one. */
export interface Wish {
  readonly origin: Origin;
  readonly entity: string;
  readonly class: MessageClass;
  readonly sender: string;
  readonly text: string;
  readonly isTemplate: boolean;
  readonly variables: Readonly<Record<string, string>>;
  readonly recipients: readonly (string | Recipient)[];
  readonly reference: string | undefined;
  readonly person: string | undefined;
  readonly timeZone: string | undefined;
  readonly region: string | undefined;
  readonly tags: readonly string[] | undefined;
  readonly attributes: RuleFacts['attributes'] | undefined;
  readonly wanted: readonly string[] | undefined;
  readonly scheduleAt: string | undefined;
  readonly validitySeconds: number | undefined;
  readonly priority: number | undefined;
  readonly callbackUrl: string | undefined;
  readonly secret: boolean;
}

/** One recipient's message, or why it can't be taken. */
export type ReadMessage =
  | { readonly to: string; readonly reference: string | undefined; readonly asked: Asked }
  | { readonly to: string; readonly reference: string | undefined; readonly refusal: AppError };

export interface ReadingOptions {
  readonly clock: Clock;
  readonly plans: () => readonly NumberPlan[];
  /** For messages without a reference: made from the caller and the key of the request. */
  readonly keyed: string | undefined;
}

/**
 * Reads what a caller wants sent, recipient by recipient: one that is wrong does not hold up the others. What is wrong with
 * all of them is thrown, naming the field.
 */
export function readMessages(wish: Wish, options: ReadingOptions): readonly ReadMessage[] {
  const { clock } = options;
  const now = clock.now();
  const scheduled = readTerms(wish, now);
  checkShared(wish);
  const callbackUrl =
    wish.callbackUrl === undefined ? null : readReceiverUrl(wish.callbackUrl, 'callback_url').href;
  if (wish.reference !== undefined && wish.recipients.length > 1)
    throw invalid('reference', 'of many recipients each needs its own: give it with the recipient');
  return wish.recipients.map((given, place) => {
    const recipient: Recipient = typeof given === 'string' ? { to: given } : given;
    const reference = recipient.reference ?? wish.reference;
    try {
      const asked = readOne(wish, recipient, {
        ...options,
        place,
        scheduled,
        callbackUrl,
        reference,
      });
      return { to: recipient.to, reference, asked };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { to: recipient.to, reference, refusal: error };
    }
  });
}

/** What is the same for all of them: wrong in one place, it is wrong in each. */
function checkShared({ attributes, person, sender, tags = [] }: Wish): void {
  mustBeWords('sender', sender);
  mustBeWords('person', person);
  for (const tag of tags) mustBeWords('tags', tag);
  const field = unstorableIn(attributes, 'attributes');
  if (field !== undefined)
    throw invalid(field, 'holds a NUL or half a surrogate pair: take it out');
}

function readOne(
  wish: Wish,
  recipient: Recipient,
  at: ReadingOptions & {
    readonly place: number;
    readonly scheduled: Terms;
    readonly callbackUrl: string | null;
    readonly reference: string | undefined;
  },
): Asked {
  const { isTemplate, text, variables } = wish;
  const body = isTemplate
    ? renderTemplate(text, { ...variables, ...recipient.variables })
    : readPlain(text, recipient);
  segmentsOf(body);
  mustBeWords('reference', at.reference);
  mustBeWords('person', recipient.person);
  const timeZone = readTimeZone(recipient.time_zone ?? wish.timeZone);
  const region = readRegion(recipient.region ?? wish.region);
  const facts = {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(region === undefined ? {} : { region }),
    ...(wish.tags === undefined ? {} : { tags: wish.tags }),
    ...(wish.attributes === undefined ? {} : { attributes: wish.attributes }),
  };
  return {
    ...{ origin: wish.origin, entity: wish.entity, class: wish.class, sender: wish.sender, body },
    recipient: readRecipient(recipient.to, at.plans()),
    person: recipient.person ?? wish.person ?? null,
    kind: wish.class,
    secret: wish.secret,
    priority: wish.priority ?? (wish.class === 'auth' || wish.class === 'emergency' ? 2 : 0),
    ...{ reference: null, dedupeKey: null },
    clientReference: referenceOf(at),
    callbackUrl: at.callbackUrl,
    facts: Object.keys(facts).length === 0 ? null : facts,
    wanted: wish.wanted ?? null,
    ...at.scheduled,
    terms: JSON.stringify([wish.scheduleAt, wish.validitySeconds]),
  };
}

/** Here the number stands in the field `recipient`. */
export function readRecipient(text: string, plans: readonly NumberPlan[]): string {
  try {
    return readAnyMsisdn(text, plans);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const faults = error.faults.map((fault) => ({ ...fault, field: 'recipient' }));
    throw new AppError(error.kind, error.code, error.message, { cause: error, faults });
  }
}

function readPlain(text: string, { variables }: Recipient): string {
  if (variables !== undefined)
    throw invalid('variables', 'belong to a template: there is none in this request');
  return text;
}

/** An idempotency key names a request; each of its messages by its place in it. */
function referenceOf(at: {
  readonly keyed: string | undefined;
  readonly place: number;
  readonly reference: string | undefined;
}): string {
  if (at.reference !== undefined) return `${OWN}${at.reference}`;
  if (at.keyed !== undefined) return `key:${digest(at.keyed)}:${at.place}`;
  throw fail(
    'reference_missing',
    'Name each message by a reference, or the request by an Idempotency-Key: sent again by mistake, it must not leave twice.',
    { faults: [{ field: 'reference', message: 'or the header Idempotency-Key is needed' }] },
  );
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
