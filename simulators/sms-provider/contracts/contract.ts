import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { json, type Reply, writeReply } from '#simulators/kit';
import type {
  Dialect,
  Incoming,
  ProviderName,
  Receipt,
  Settings,
  SmsCentre,
} from '#simulators/sms-provider/centre';

/** One request below a contract's base path. */
export interface Call {
  readonly centre: SmsCentre;
  readonly method: string;
  /** Behind the base path: `/sys/send.php`. */
  readonly path: string;
  /** As it came, without `?`. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly response: ServerResponse;
}

/** Undefined: it is answered later, or never. */
export type Answer = Reply | undefined;

/** What a provider sends to the platform. */
export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One provider's HTTP contract. */
export interface Contract {
  readonly provider: ProviderName;
  readonly dialect: Dialect;
  answer(call: Call): Answer;
  readonly receipts: {
    /** How many go into one post. */
    readonly most: number;
    /** All of one address. */
    toPost(receipts: readonly Receipt[], url: string, settings: Settings): Post;
    /** Whether the answer means that it need not be repeated. */
    isTaken(status: number, body: string): boolean;
  };
  /** Absent: the provider brings no incoming messages over HTTP. */
  incomingPost?(incoming: Incoming, url: string, settings: Settings): Post;
}

export function plainText(body: string, status = 200): Reply {
  return { status, type: 'text/plain; charset=utf-8', body };
}

export function formPost(url: string, fields: Readonly<Record<string, string>>): Post {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { url, body: new URLSearchParams(fields).toString(), headers };
}

/** Nothing is answered before everything that it may rest on is in the journal. */
export function send(call: Call, reply: Reply): void {
  call.centre.ledger.whenWritten((failure) =>
    writeReply(call.response, failure ? journalFailed(call, failure) : reply),
  );
}

export function journalFailed({ centre }: Call, { message }: Error): Reply {
  centre.log('the journal cannot be written', { reason: message });
  return json(500, { error: 'The journal of the simulator cannot be written' });
}

/** Money as a provider shows it. */
export function units(minor: number): number {
  return minor / 100;
}

const endlessBalanceMinor = 100_000_000;

export function balanceUnits(centre: SmsCentre, provider: ProviderName): number {
  return units(centre.balanceOf(provider) ?? endlessBalanceMinor);
}
