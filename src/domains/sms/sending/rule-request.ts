import { must } from '#errors';
import { spreadBy } from '#rules';
import type { Decision, MessageClass, RuleRequest } from '#rules/decision';
import { smsId } from '#sms/message';
import type { RuleFacts } from '#sms/message-store';

/** What the rules are asked of a message, before it is written down as of one that stands in its row. */
export interface AskedMessage {
  readonly id: bigint;
  readonly entity: string;
  readonly class: MessageClass;
  readonly person: string | null;
  readonly recipient: string;
  readonly sender: string;
  readonly body: string;
  readonly secret: boolean;
  readonly segments: number;
  readonly wanted: readonly string[] | null;
  readonly facts: RuleFacts | null;
  readonly notBefore: Date | null;
  readonly expiresAt: Date;
}

/** The rules answer each request, in order. */
export function decisionAt(decisions: readonly Decision[], place: number): Decision {
  const decision = decisions[place];
  must(decision, 'the rules answer each request');
  return decision;
}

export function toRuleRequest(message: AskedMessage): RuleRequest {
  const { facts, notBefore, person, wanted } = message;
  return {
    message: smsId(message.id),
    spreadBy: spreadBy(message),
    entity: message.entity,
    class: message.class,
    channel: 'sms',
    recipient: message.recipient,
    sender: message.sender,
    body: message.body,
    secret: message.secret,
    segments: message.segments,
    expiresAt: message.expiresAt,
    ...(person === null ? {} : { person }),
    ...(wanted === null ? {} : { providers: wanted }),
    ...facts,
    ...(notBefore === null ? {} : { notBefore }),
  };
}
