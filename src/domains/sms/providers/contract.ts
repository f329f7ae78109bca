import type { Static, TSchema } from 'typebox';
import type { FieldFault } from '#errors';
import type {
  CallbackReading,
  ProviderCallback,
  SmsCapabilities,
  SmsOrder,
  SmsOutcome,
  SmsQuestion,
  StatusReport,
} from '#sms/provider';
import type { Answer } from './answer.ts';
import type { NotSent } from './faults.ts';

/** One request to a provider. `path` is under its base URL. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Whose account it is. */
export interface Account<Settings, Secrets> {
  readonly settings: Settings;
  readonly secrets: Secrets;
  /** Where this provider's callbacks reach us, as it is told; undefined: nowhere. */
  readonly callbackUrl: string | undefined;
}

export type AccountOf<Settings extends TSchema, Secrets extends TSchema> = Account<
  Static<Settings>,
  Static<Secrets>
>;

/** One message of the provider's that is asked about. */
export interface AskedMessage {
  readonly id: string;
  readonly question: SmsQuestion;
}

export type CancelResult = 'cancelled' | 'too_late' | 'unknown';

/**
 * The words of one kind of provider over HTTP: pure functions, which neither call anybody nor look at a clock. The talk
 * itself (connections, limits, logs) is the same for all: `createHttpProvider`.
 */
export interface HttpContract<Settings, Secrets> {
  /** What the schemas can't say of an account. */
  readonly check?: (account: Account<Settings, Secrets>) => readonly FieldFault[];
  readonly baseUrl: (account: Account<Settings, Secrets>) => string;
  readonly capabilities: (account: Account<Settings, Secrets>) => SmsCapabilities;
  /** The most letters (UTF-16) that it takes, whatever the segments. */
  readonly lettersMax: number;
  /** The most of its units of validity that it can be told. */
  readonly validityMax?: number;
  /** More at once are refused by it. */
  readonly connectionsMax?: number;
  /** `validFor` is in whole units of the declared validity, at least 1; 0 where it can't be told. */
  toRequest(
    order: SmsOrder,
    account: Account<Settings, Secrets>,
    validFor: number,
  ): ProviderRequest | NotSent;
  readAnswer(answer: Answer, order: SmsOrder, account: Account<Settings, Secrets>): SmsOutcome;
  readonly status?: {
    /** The most messages in one request. */
    readonly batch: number;
    /** The ids by which a message can be asked about; those that the provider gave, unless told here. */
    readonly idsOf?: (
      question: SmsQuestion,
      account: Account<Settings, Secrets>,
    ) => readonly string[];
    toRequest(asked: readonly AskedMessage[], account: Account<Settings, Secrets>): ProviderRequest;
    readStatus(
      answer: Answer,
      asked: readonly AskedMessage[],
      account: Account<Settings, Secrets>,
    ): readonly StatusReport[];
  };
  /** `call` answers undefined when no answer came. */
  cancel?(
    asked: AskedMessage,
    account: Account<Settings, Secrets>,
    call: (request: ProviderRequest) => Promise<Answer | undefined>,
  ): Promise<CancelResult>;
  readonly balance?: {
    toRequest(account: Account<Settings, Secrets>): ProviderRequest;
    readBalance(
      answer: Answer,
      account: Account<Settings, Secrets>,
    ): { readonly amount: string; readonly currency?: string } | undefined;
  };
  readCallback?(
    callback: ProviderCallback,
    account: Account<Settings, Secrets>,
    now: Date,
  ): CallbackReading;
}

/** Digits of an E.164 number, as most providers want it. */
export function digitsOf(msisdn: string): string {
  return msisdn.slice(1);
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } as const;
export const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' } as const;

export function postForm(
  path: string,
  fields: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string>> = {},
): ProviderRequest {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) form.append(name, value);
  }
  return { method: 'POST', path, headers: { ...FORM, ...headers }, body: form.toString() };
}

export function postJson(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): ProviderRequest {
  return {
    ...{ method: 'POST', path, body: JSON.stringify(body) },
    headers: { ...JSON_TYPE, accept: 'application/json', ...headers },
  };
}

export function basicAuth(user: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
