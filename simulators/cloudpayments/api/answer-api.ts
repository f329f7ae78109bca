import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import {
  type Acquirer,
  behaviours,
  type Facts,
  type Fate,
  parseAmount,
  readCryptogram,
  type Scenario,
  type Site,
} from '#simulators/cloudpayments/acquirer';
import { type Delays, json, Problem, parseFields, type Reply, writeReply } from '#simulators/kit';
import type { Endpoint, Endpoints } from './endpoint.ts';
import { toEnvelope } from './envelope.ts';
import { Refusal, RequestFields } from './fields.ts';
import { carryOutOnce } from './idempotency.ts';
import { paymentEndpoints } from './payments.ts';
import { readEndpoints } from './reads.ts';
import { siteEndpoints } from './site.ts';
import { subscriptionEndpoints } from './subscriptions.ts';

export interface ApiCall {
  readonly acquirer: Acquirer;
  readonly delays: Delays;
  readonly response: ServerResponse;
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  /** Without the first slash. */
  readonly path: string;
  readonly body: Buffer;
  readonly origin: string;
}

const endpoints: Endpoints = [
  ...paymentEndpoints,
  ...readEndpoints,
  ...subscriptionEndpoints,
  ...siteEndpoints,
];

export interface Found {
  readonly endpoint: Endpoint;
  readonly group: string;
}

/** Undefined where the path is none of the API's. */
export function findEndpoint(path: string): Found | undefined {
  for (const [pattern, endpoint] of endpoints) {
    const match = pattern.exec(path);
    if (match !== null) return { endpoint, group: match[1] ?? '' };
  }
  return undefined;
}

/** Says who may call and how many at a time, lets misfortune have its way, and answers. */
export function answerApi(call: ApiCall, found: Found): void {
  const { acquirer, path, response } = call;
  acquirer.callsPerSecond.add(performance.now());
  const admitted = admit(call);
  if ('status' in admitted) {
    acquirer.count(path, String(admitted.status));
    writeReply(response, admitted);
    return;
  }
  const { fields, site } = admitted;
  const scenario =
    acquirer.board.size === 0
      ? undefined
      : acquirer.board.take('fate', factsOf(acquirer, { site, path, fields }));
  const latencyMs = nextLatencyMs(acquirer);
  const execution = { call, found, site, fields };
  if (latencyMs === 0) suffer(execution, scenario);
  else call.delays.after(latencyMs, () => suffer(execution, scenario));
}

/** A place among the calls at a time, until it is answered or its caller has gone; or why there is none. */
function admit(call: ApiCall): Reply | { readonly site: Site; readonly fields: RequestFields } {
  const site = authenticate(call.acquirer, call.headers.authorization);
  if (site === undefined) return unauthorized;
  if (call.method !== 'POST') return wrongMethod;
  const { concurrency } = site.settings;
  if (concurrency !== null && site.inFlight >= concurrency) return tooMany;
  const fields = readFields(call);
  if (fields === undefined) return unreadable;
  site.inFlight += 1;
  site.mostInFlight = Math.max(site.mostInFlight, site.inFlight);
  call.response.once('close', () => {
    site.inFlight -= 1;
  });
  return { site, fields };
}

interface Execution {
  readonly call: ApiCall;
  readonly found: Found;
  readonly site: Site;
  readonly fields: RequestFields;
}

const unauthorized = json(
  401,
  { Success: false, Message: 'Unauthorized' },
  { 'www-authenticate': 'Basic realm="CloudPayments"' },
);
const wrongMethod = json(405, { Success: false, Message: 'Use POST' });
const tooMany = json(429, { Success: false, Message: 'Too many requests at a time' });
const unreadable = json(400, { Success: false, Message: 'The body cannot be read' });
const broken = json(500, { Success: false, Message: 'Internal error' });
const unavailable = json(503, { Success: false, Message: 'Out of service' });
const page: Reply = {
  ...{ status: 200, type: 'text/html; charset=utf-8' },
  body: '<html><body>502 Bad Gateway</body></html>',
};
const failures = { error: broken, unavailable, throttled: tooMany, page } as const;
const normal: Fate = { effect: 'now', answer: 'now' };

function authenticate(acquirer: Acquirer, header: string | undefined): Site | undefined {
  if (header?.startsWith('Basic ') !== true) return undefined;
  const [publicId = '', ...rest] = Buffer.from(header.slice(6), 'base64').toString().split(':');
  const site = acquirer.sites.get(publicId);
  const given = Buffer.from(rest.join(':'));
  const secret = Buffer.from(site?.settings.apiSecret ?? '');
  const isRight = given.length === secret.length && timingSafeEqual(given, secret);
  return isRight ? site : undefined;
}

function readFields({ body, headers }: ApiCall): RequestFields | undefined {
  try {
    return new RequestFields(parseFields(headers['content-type'], body.toString('utf8')));
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

function factsOf(
  acquirer: Acquirer,
  { fields, path, site }: { site: Site; path: string; fields: RequestFields },
): Facts {
  const about = acquirer.store.transactions.get(Number(fields.any('TransactionId')));
  const packet = fields.any('CardCryptogramPacket');
  const token = fields.any('Token');
  const card =
    typeof packet === 'string'
      ? readCryptogram(packet)
      : (acquirer.store.tokens.get(String(token))?.card ?? about?.card);
  const text = (value: unknown) => (value === undefined ? undefined : String(value));
  return {
    ...{ publicId: site.publicId, endpoint: path, cardId: card?.id },
    amountMinor: parseAmount(fields.any('Amount')) ?? about?.amountMinor,
    token: text(token) ?? about?.token ?? undefined,
    accountId: text(fields.any('AccountId')) ?? about?.accountId ?? undefined,
    invoiceId: text(fields.any('InvoiceId')) ?? about?.invoiceId ?? undefined,
  };
}

function nextLatencyMs(acquirer: Acquirer): number {
  const { max, min } = acquirer.settings.latencyMs;
  return max === 0 ? 0 : min + acquirer.draw('latency') * (max - min);
}

function suffer(execution: Execution, scenario: Scenario | undefined): void {
  const { acquirer } = execution.call;
  const fate = scenario === undefined ? normal : (behaviours[scenario.name].fate ?? normal);
  const lateMs = scenario?.delayMs ?? acquirer.settings.lateMs;
  // Also when the caller has gone by then: what makes an early "not found" a trap.
  if (fate.effect === 'late') acquirer.clock.after(lateMs, () => perform(execution, fate, 0));
  else void perform(execution, fate, fate.answer === 'late' ? lateMs : 0);
}

async function perform(execution: Execution, fate: Fate, answerMs: number): Promise<void> {
  const { acquirer } = execution.call;
  const reply = fate.effect === 'never' ? undefined : await carryOut(execution);
  const say = () =>
    acquirer.store.whenWritten((failure) => tell(execution, fate, failure ? broken : reply));
  if (answerMs > 0) acquirer.clock.after(answerMs, say);
  else say();
}

function tell({ call }: Execution, fate: Fate, reply: Reply | undefined): void {
  const { acquirer, path, response } = call;
  const isAnswered = fate.answer === 'now' || fate.answer === 'late';
  acquirer.count(path, isAnswered ? String(reply?.status ?? 200) : fate.answer);
  switch (fate.answer) {
    case 'now':
    case 'late':
      writeReply(response, reply ?? broken);
      break;
    case 'never':
      // The socket stays open until the caller gives up or the gateway closes.
      break;
    case 'cut':
      response.destroy();
      break;
    default:
      writeReply(response, failures[fate.answer]);
  }
}

async function carryOut({ call, fields, found, site }: Execution): Promise<Reply> {
  const { acquirer, headers, origin } = call;
  const header = headers['x-request-id'];
  const requestId = typeof header === 'string' && header !== '' ? header : undefined;
  try {
    const answer = await carryOutOnce({
      ...{ acquirer, site, requestId },
      run: (caller) => found.endpoint({ caller, fields, origin, group: found.group }),
    });
    return json(200, toEnvelope(answer, { site, origin }));
  } catch (error) {
    if (error instanceof Refusal) return json(200, { Success: false, Message: error.message });
    acquirer.log('a call failed', { path: call.path, reason: String(error) });
    return broken;
  }
}
