/** What a message is for. The caller says it, it is kept for the audit, and the laws ask for it first. */
export const MESSAGE_CLASSES = [
  'auth',
  'emergency',
  'transaction',
  'service',
  'ad',
  'debt',
] as const;
export type MessageClass = (typeof MESSAGE_CLASSES)[number];

/** One message about which the rules are asked. Pure data: the same request and facts give the same decision. */
export interface RuleRequest {
  /** Ours, so that a reservation can be given back: `sms_…` or whatever the caller counts by. */
  readonly message: string;
  /** By what its moment at an opening is chosen; its `message` unless told. The same for whoever only asks. */
  readonly spreadBy?: string;
  /** Key of the legal entity on whose behalf it is sent. */
  readonly entity: string;
  readonly class: MessageClass;
  readonly channel: 'sms';
  /** E.164 with the plus. */
  readonly recipient: string;
  /** Who the recipient is to the entity, where it says so; one person may have many numbers. */
  readonly person?: string;
  /** Providers that the caller would take, best first; absent: any that the entity may use. */
  readonly providers?: readonly string[];
  /** Name or number that the handset would show. */
  readonly sender?: string;
  readonly body: string;
  /** Its digits are a PIN: nothing that is kept may tell them. */
  readonly secret?: boolean;
  readonly segments: number;
  /** IANA zone that the caller knows the recipient to be in; the first of the sources of local time. */
  readonly timeZone?: string;
  /** Region where the person is known to live (ISO 3166-2, such as `RU-KAM`); the second source. */
  readonly region?: string;
  readonly tags?: readonly string[];
  /** What else rules may ask for, such as `{ amount: 1500 }`; `attribute.amount` in a predicate. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Not to leave before this moment, because the caller wants it so. */
  readonly notBefore?: Date;
  /** Of no use to anyone after this moment. */
  readonly expiresAt: Date;
}
