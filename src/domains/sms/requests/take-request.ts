import { type AskedOnce, askOnce } from '#auth';
import { AppError } from '#errors';
import type { ApiCall, ApiSchema, Static } from '#http';
import type { NumberPlan } from '#phone';
import type { Sms } from '#sms/create-sms';
import { fail } from '#sms/errors';
import { shownState } from '#sms/message';
import type { Taken } from './intake.ts';
import { type ReadMessage, readMessages, type Wish } from './read-messages.ts';
import type { TakenMessages } from './shapes.ts';

type Answer = Static<typeof TakenMessages>;

/**
 * Takes what a request asks for, once: under its `Idempotency-Key`, where it has one, the first answer comes again. Takes
 * what is sound; a request of one recipient is refused as a whole, so that its caller can't overlook it.
 */
export async function takeRequest(
  { plans, sms }: { readonly sms: Sms; readonly plans: () => readonly NumberPlan[] },
  call: Pick<ApiCall<ApiSchema>, 'principal' | 'request'> & { readonly body: unknown },
  readWish: () => Promise<Wish>,
): Promise<Answer> {
  const once = onceOf(call);
  const { clock } = sms.context;
  const keyed = once && `${once.principal} ${once.key}`;
  let messages: readonly ReadMessage[];
  try {
    messages = readMessages(await readWish(), { clock, plans, keyed });
    const [only] = messages;
    if (messages.length === 1 && only && 'refusal' in only) throw only.refusal;
  } catch (error) {
    // What was sound when it was taken may not be any more: its schedule has passed, its template is another.
    const before = once && (await sms.intake.answered(once));
    if (before === undefined) throw error;
    return whole(before as Answer);
  }
  const sound = messages.flatMap((message) => ('asked' in message ? [message.asked] : []));
  const answerOf = (taken: readonly Taken[]) => toAnswer(messages, taken);
  if (once === undefined) return whole(answerOf(await sms.intake.take(sound)));
  return whole((await sms.intake.takeOnce(sound, { asked: once, answerOf })) as Answer);
}

function onceOf({
  body,
  principal,
  request,
}: Parameters<typeof takeRequest>[1]): AskedOnce | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  const route = `${request.method} ${request.url}`;
  return askOnce({ principal: principal.id, key: String(key), route, body });
}

function toAnswer(messages: readonly ReadMessage[], taken: readonly Taken[]): Answer {
  let at = 0;
  return {
    messages: messages.map((message) => {
      const { reference, to } = message;
      const named = { recipient: to, ...(reference === undefined ? {} : { reference }) };
      if ('refusal' in message) return { ...named, error: toError(message.refusal) };
      at += 1;
      return { ...named, ...toTaken(taken[at - 1]) };
    }),
  };
}

function toTaken(taken: Taken | undefined) {
  if (taken === undefined) return {};
  if (taken.outcome === 'conflict') return { error: toError(conflict(taken.sms)) };
  return {
    ...{ sms: taken.sms, state: shownState(taken.state) },
    ...(taken.reason === null ? {} : { reason: taken.reason }),
  };
}

/** The only one was not taken: the whole request was not. */
function whole(answer: Answer): Answer {
  const [alone, ...more] = answer.messages;
  if (more.length > 0 || !alone?.error) return answer;
  const { code, field = '', message } = alone.error;
  throw new AppError('conflict', code, message, { faults: [{ field, message: CONFLICT }] });
}

const CONFLICT = 'stands for another message';

function conflict(sms: string): AppError {
  return fail(
    'reference_conflict',
    `This reference stands for ${sms} already, and that says something else. Take a new one.`,
    { faults: [{ field: 'reference', message: CONFLICT }] },
  );
}

function toError(error: AppError) {
  const [fault] = error.faults;
  return { code: error.code, message: error.message, ...(fault && { field: fault.field }) };
}
