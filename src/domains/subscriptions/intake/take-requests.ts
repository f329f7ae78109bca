import {
  type AskedOnce,
  findAnswers,
  isAnsweredBefore,
  type KnownAnswer,
  keyReused,
  sendAnswers,
} from '#auth';
import { createBatcher } from '#batch';
import { AppError } from '#errors';
import { type LoggedRequest, paymentRequestId } from '#payments/intake';
import type { AskedRequest, Details, Taken } from './asked.ts';
import type { IntakeContext } from './intake-context.ts';
import { findSubscribed } from './subscribed-store.ts';

/** Takes requests: many in one transaction, each answered after the commit that put it on the log. */
export interface RequestTaker {
  /** Once per key: asked again, the same answer. Throws `idempotency_key_reused`, and `overloaded` when too many wait. */
  take(asked: AskedRequest, once: AskedOnce): Promise<Taken>;
  drain(): Promise<void>;
}

interface Asking {
  readonly asked: AskedRequest;
  readonly once: AskedOnce;
}

type Answered = Taken | { readonly outcome: 'reused' };

/** Two of one key in different transactions of one moment: the second is looked up again. */
const TRIES_MOST = 4;
const TAKEN_STATUS = 202;

export function createRequestTaker(context: IntakeContext): RequestTaker {
  const taken = context.metrics.counter(
    'kopek_payment_requests_total',
    'Payment requests that were answered, by answer',
    ['answer'],
  );
  const batcher = createBatcher<Asking, Answered>({
    flush: (askings) => takeAll(context, askings),
  });
  return {
    async take(asked, once) {
      const answer = await batcher.add({ asked, once });
      taken.inc({ answer: answer.outcome });
      if (answer.outcome === 'reused') throw keyReused();
      return answer;
    },
    drain: () => batcher.drain(),
  };
}

async function takeAll(
  context: IntakeContext,
  askings: readonly Asking[],
): Promise<readonly Answered[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryAll(context, askings, tries > 1);
    } catch (error) {
      // Somebody else has stored an answer under one of the keys.
      if (!isAnsweredBefore(error)) throw error;
      if (tries < TRIES_MOST) continue;
      const why = 'Send it again: the same was just asked.';
      throw new AppError('unavailable', 'intake_contended', why);
    }
  }
}

async function tryAll(
  context: IntakeContext,
  askings: readonly Asking[],
  looksUp: boolean,
): Promise<readonly Answered[]> {
  const { database } = context;
  const [known, subscribed] = await Promise.all([
    // Nearly all keys are new, and to store their answers tells which are not: only then they are looked up.
    looksUp
      ? findAnswers(
          database.pool,
          askings.map(({ once }) => once),
        )
      : askings.map((): KnownAnswer => ({ outcome: 'new' })),
    subscribedOf(context, askings),
  ]);
  // Two of one key in one batch: the first is taken, and answers the other.
  const leaders = new Map<string, number>();
  for (const [at, { once }] of askings.entries())
    if (known[at]?.outcome === 'new' && !leaders.has(nameOf(once))) leaders.set(nameOf(once), at);
  const nowMs = context.clock.nowMs();
  const answers = new Map<number, Taken>();
  const logged: LoggedRequest[] = [];
  for (const at of leaders.values()) {
    const asked = askings[at]?.asked;
    if (!asked) continue;
    const subscription = subscribed.get(at);
    if (subscription === undefined) {
      const request = paymentRequestId(context.ids.next(nowMs));
      answers.set(at, { outcome: 'taken', request });
      logged.push(toLogged(asked, request, new Date(nowMs)));
    } else answers.set(at, { outcome: 'subscribed', subscription });
  }
  await keep(context, askings, { answers, logged });
  return askings.map(({ once }, at) =>
    answerOf(known[at], { at, once, askings, leaders, answers }),
  );
}

/** `sub_…` by place. A refund is of what he has: to be subscribed is no answer to it. */
async function subscribedOf(
  { database }: IntakeContext,
  askings: readonly Asking[],
): Promise<ReadonlyMap<number, string>> {
  const payments = askings.flatMap(({ asked }, at) =>
    asked.kind === 'payment' ? [{ at, asked }] : [],
  );
  const found = await findSubscribed(
    database.pool,
    payments.map(({ asked }) => asked),
  );
  return new Map([...found].map(([at, subscription]) => [payments[at]?.at ?? -1, subscription]));
}

const nameOf = ({ key, principal }: AskedOnce) => `${principal} ${key}`;

/** The answers and the messages, in one transaction that is one trip. */
async function keep(
  { clock, database, requests }: IntakeContext,
  askings: readonly Asking[],
  made: { readonly answers: ReadonlyMap<number, Taken>; readonly logged: readonly LoggedRequest[] },
): Promise<void> {
  if (made.answers.size === 0) return;
  const now = clock.now();
  await database.transaction(async (tx) => {
    await sendAnswers(
      tx,
      [...made.answers].flatMap(([at, body]) => {
        const asked = askings[at]?.once;
        return asked ? [{ asked, status: TAKEN_STATUS, body }] : [];
      }),
      now,
    );
    await requests.publish(tx, made.logged);
  });
}

function answerOf(
  known: KnownAnswer | undefined,
  of: {
    readonly at: number;
    readonly once: AskedOnce;
    readonly askings: readonly Asking[];
    readonly leaders: ReadonlyMap<string, number>;
    readonly answers: ReadonlyMap<number, Taken>;
  },
): Answered {
  if (known?.outcome === 'again') return known.body as Taken;
  if (known?.outcome === 'reused') return { outcome: 'reused' };
  const leader = of.leaders.get(nameOf(of.once)) ?? of.at;
  const isSame = of.askings[leader]?.once.hash.equals(of.once.hash);
  return (isSame && of.answers.get(leader)) || { outcome: 'reused' };
}

function toLogged(asked: AskedRequest, request: string, at: Date): LoggedRequest {
  const { askedBy, callback, email, gateway, kind, msisdn, order, plan, refund, user } = asked;
  const amountMinor = order?.amountMinor ?? refund?.amountMinor;
  return {
    ...{ request, user, msisdn, service: plan, kind },
    ...(refund && { refund_of: refund.payment }),
    ...(amountMinor !== undefined && { amount_minor: Number(amountMinor) }),
    ...(order && { currency: order.currency }),
    ...(gateway !== undefined && { gateway }),
    ...(email !== undefined && { email }),
    ...(callback !== undefined && { callback }),
    details: { ...toDetails(asked) },
    ...{ asked_by: askedBy, at: at.toISOString() },
  };
}

function toDetails({ order }: AskedRequest): Details {
  if (!order) return {};
  const { confirmedAt, evidence, priceShown, textShown } = order.consent;
  return {
    ...{ version: order.version, locale: order.locale },
    consent: {
      ...{ text: textShown, price: priceShown, evidence },
      confirmed_at: confirmedAt.toISOString(),
    },
  };
}
