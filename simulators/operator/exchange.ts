import type { ServerResponse } from 'node:http';
import { json, type Reply, writeReply } from '#simulators/kit';
import type { Operator } from './operator.ts';
import type { Choice } from './scenarios.ts';

/** A reply to a call that is counted: `code` is what the metrics show. */
export interface CallReply extends Reply {
  readonly code: string | number;
}

/** One call that scenarios apply to: a UCIP method or an SMS. */
export interface Call {
  readonly method: string;
  readonly response: ServerResponse;
  /** Does the work (the debit, the delivery) and says how it went. */
  readonly perform: () => CallReply;
  /** Says no with a response code, without doing the work. */
  readonly refuse: (code: number) => CallReply;
}

const retryAfterSeconds = '1';

/** Lets a call in, or answers 503 when it is over the operator's rate. */
export function admit(operator: Operator, response: ServerResponse): boolean {
  if (operator.gate.admits(performance.now(), operator.settings.tps)) return true;
  operator.calls.count('any', 'throttled');
  send(operator, response, unavailable('Too many calls in a second'));
  return false;
}

export function carryOut(operator: Operator, choice: Choice, call: Call): void {
  const latencyMs = operator.nextLatencyMs();
  if (latencyMs === 0) behave(operator, choice, call);
  else operator.delays.after(latencyMs, () => behave(operator, choice, call));
}

function behave(operator: Operator, { behaviour, delayMs }: Choice, call: Call): void {
  const lateMs = delayMs ?? operator.settings.lateMs;
  if (behaviour.effect === 'late') {
    // Also when the caller has gone by then: what makes an early inquiry answer "unknown" a trap.
    operator.delays.after(lateMs, () => answer(operator, call, call.perform()));
    return;
  }
  const code = behaviour.code;
  const reply =
    code === undefined ? behaviour.effect === 'now' && call.perform() : call.refuse(code);
  switch (behaviour.answer) {
    case 'now':
      if (reply !== false) answer(operator, call, reply);
      return;
    case 'late':
      operator.delays.after(lateMs, () => reply !== false && answer(operator, call, reply));
      return;
    case 'never':
      // The socket stays open until the caller gives up or the operator closes.
      operator.calls.count(call.method, 'no_answer');
      return;
    case 'error':
      answer(operator, call, { ...internalError, code: 'http_500' });
      return;
    case 'unavailable':
      answer(operator, call, { ...unavailable('Out of service'), code: 'http_503' });
      return;
    case 'hang-up':
      operator.calls.count(call.method, 'hang_up');
      operator.store.whenWritten(() => call.response.destroy());
  }
}

function answer(operator: Operator, call: Call, reply: CallReply): void {
  operator.calls.count(call.method, reply.code);
  send(operator, call.response, reply);
}

/** Nothing is answered before everything that it may rest on is written. */
export function send(operator: Operator, response: ServerResponse, reply: Reply): void {
  operator.store.whenWritten((failure) => {
    if (failure === undefined) return writeReply(response, reply);
    operator.log('the journal cannot be written', { reason: failure.message });
    writeReply(response, internalError);
  });
}

const internalError = json(500, { error: 'Internal error' });

function unavailable(error: string): Reply {
  return json(503, { error }, { 'retry-after': retryAfterSeconds });
}
