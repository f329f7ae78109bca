import {
  type ApiCall,
  findRoute,
  type GatewayCall,
  KeptAnswers,
  type Reply,
} from '#simulators/kit';
import {
  internalError,
  invalid,
  keyInUse,
  keyOfOthers,
  missing,
  outOfService,
  tooMany,
  unauthorized,
} from './errors.ts';
import { expand } from './expand.ts';
import { listOf, type Params, parseForm } from './form.ts';
import { type Operation, operationRoutes, type Question, subjectOf } from './operations.ts';
import { newId, type Stripe } from './stripe.ts';

const keptMs = 24 * 3_600_000;
const keyMax = 255;
/** Stripe.js asks from the merchant's page. */
const openToBrowsers = { 'access-control-allow-origin': '*' };
/** What was never begun is not remembered: wrong parameters, wrong keys, and calls that came too soon. */
const remembered: readonly number[] = [200, 402, 500];

/** Understands calls of `/v1/…`: who asks, what for, and whether it was asked before. */
export function readStripeCall(stripe: Stripe): (call: GatewayCall) => ApiCall | undefined {
  const answers = new KeptAnswers(stripe.gateway.store, stripe.gateway.clock, keptMs);
  return (call) => {
    if (!call.path.startsWith('/v1/')) return undefined;
    const path = call.path.slice('/v1'.length);
    const body = call.body.toString('utf8');
    const entries = [...call.query, ...new URLSearchParams(body)];
    const params = parseForm(entries);
    const { group, handler: operation } = routeOf(call.method, path);
    const question = { id: group, params, path: call.path, origin: originOf(call) };
    admit(stripe, call, { operation, question });
    const key = call.method === 'POST' ? keyOf(call) : undefined;
    const run = (work: () => Reply) => {
      stripe.context = { id: newId('req', 14), idempotencyKey: key ?? null };
      const headers = { 'request-id': stripe.context.id, ...openToBrowsers };
      const named = () => withHeaders(work(), headers);
      return key === undefined
        ? named()
        : once(answers, key, `${call.method} ${call.path} ${body}`, named);
    };
    const act = () => expand(stripe, operation.act(stripe, question), listOf(params, 'expand'));
    return {
      ...subjectOf(stripe, operation, question),
      movesMoney: operation.movesMoney,
      ...{ key, busy: keyInUse, unavailable: outOfService, throttled: tooMany },
      perform: () => run(act),
      fail: (isDone) =>
        run(() => {
          if (isDone) act();
          return internalError();
        }),
    };
  };
}

function routeOf(method: string, path: string) {
  try {
    return findRoute(operationRoutes, method, path);
  } catch {
    throw missing('API method', `${method} ${path}`, 'url');
  }
}

function originOf({ headers }: GatewayCall): string {
  return `http://${headers.host ?? 'localhost'}`;
}

/** The secret key opens everything; the publishable one only what a browser does with the client's secret. */
function admit(
  stripe: Stripe,
  { headers, query }: GatewayCall,
  { operation, question }: { readonly operation: Operation; readonly question: Question },
): void {
  const { publishableKey, secretKey } = stripe.gateway.settings;
  const [given, isPublishable] = [keyFrom(headers.authorization), textIn(question.params, 'key')];
  const key = given ?? isPublishable ?? query.get('key') ?? '';
  if (key === secretKey) return;
  if (key !== publishableKey) {
    throw unauthorized(
      key === '' ? 'You did not provide an API key.' : 'Invalid API Key provided.',
    );
  }
  const object = stripe.intents.get(question.id) ?? stripe.setups.get(question.id);
  const isTheirs = object?.client_secret === textIn(question.params, 'client_secret');
  if (!operation.isPublic || !object || !isTheirs) {
    throw unauthorized('This API call cannot be made with a publishable API key.');
  }
}

function keyFrom(authorization: string | undefined): string | undefined {
  const [scheme, value = ''] = authorization?.split(' ') ?? [];
  if (scheme === 'Bearer') return value;
  return scheme === 'Basic' ? Buffer.from(value, 'base64').toString().split(':')[0] : undefined;
}

function textIn(params: Params, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
}

function keyOf({ headers }: GatewayCall): string | undefined {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string' || key === '') return undefined;
  if (key.length <= keyMax) return key;
  throw invalid(`Keys for idempotent requests are at most ${keyMax} characters long.`);
}

/** The first answer to a key is given again, whatever it was, as long as the same is asked. */
function once(answers: KeptAnswers, key: string, request: string, work: () => Reply): Reply {
  const kept = answers.look(key, request);
  if (kept.kept === 'other') return keyOfOthers(key);
  if (kept.kept === 'answer') {
    return withHeaders(kept.reply, { 'idempotent-replayed': 'true' });
  }
  const reply = work();
  if (remembered.includes(reply.status)) answers.keep(key, request, reply);
  return reply;
}

function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
