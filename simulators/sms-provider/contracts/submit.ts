import { type Reply, writeReply } from '#simulators/kit';
import type { ChosenFate, Dialect, Message, Order, Refusal } from '#simulators/sms-provider/centre';
import {
  type Answer,
  type Call,
  type Contract,
  journalFailed,
  plainText,
  send,
} from './contract.ts';

/** What became of one recipient of a call. */
export type Result =
  | { readonly order: Order; readonly message: Message }
  | { readonly order: Order; readonly refusal: Refusal; readonly code: string | undefined };

/** A call that asks for messages to be sent. */
export interface Submission {
  readonly call: Call;
  readonly contract: Contract;
  /** One per recipient, and at least one. */
  readonly orders: readonly Order[];
  /** Whether a refused recipient leaves the others alone. */
  readonly isPartial: boolean;
  readonly answer: (results: readonly Result[]) => Reply;
  readonly refuse: (refusal: Refusal, code: string | undefined) => Reply;
}

/** These concern who calls, never one recipient. */
const ofWholeCall: ReadonlySet<Refusal> = new Set(['throttled', 'temporary', 'bad-login']);

/** Accepts messages, or whatever scenarios, shares and the balance say instead. */
export function submit(submission: Submission): Answer {
  const { call, contract, refuse } = submission;
  const { centre } = call;
  if (!centre.admits(contract.provider)) {
    centre.count(contract.provider, 'throttled');
    return refuse('throttled', undefined);
  }
  const latencyMs = centre.latencyMs(contract.provider);
  const respond = () => {
    const refused = behave(submission);
    if (refused) send(call, refused);
  };
  if (latencyMs === 0) return behave(submission);
  centre.delays.after(latencyMs, respond);
  return undefined;
}

/** Returns a refusal of the whole call; whatever else becomes of it is answered from here, now or later. */
function behave(submission: Submission): Answer {
  const { call, contract, isPartial, orders, refuse } = submission;
  const { centre } = call;
  const fates = orders.map(({ provider, to }) => centre.fateOf(provider, to));
  const fate = fates.find((one) => decidesCall(one, isPartial)) ?? normal;
  if (fate.refusal !== undefined) {
    centre.count(contract.provider, fate.refusal);
    return refuse(fate.refusal, fate.code);
  }
  if (fate.effect === 'never') {
    conclude(submission, [], fate);
    return undefined;
  }
  const parts = orders.reduce((sum, order) => sum + order.parts, 0);
  if (!isPartial && !centre.canPay(contract.provider, parts)) {
    centre.count(contract.provider, 'no-money');
    return refuse('no-money', undefined);
  }
  const perform = () => carryOut(submission, fates, fate);
  // Also when the caller has gone by then: that is what makes an early question about it a trap.
  if (fate.effect === 'late') centre.delays.after(fate.delayMs, perform);
  else perform();
  return undefined;
}

const normal: ChosenFate = { effect: 'now', answer: 'now', delayMs: 0, code: undefined };

function decidesCall({ answer, effect, refusal }: ChosenFate, isPartial: boolean): boolean {
  if (refusal !== undefined) return !isPartial || ofWholeCall.has(refusal);
  return answer !== 'now' || effect !== 'now';
}

function carryOut(submission: Submission, fates: readonly ChosenFate[], fate: ChosenFate): void {
  const { call, contract, orders } = submission;
  const { centre } = call;
  const accepted: ReturnType<typeof centre.accept>[] = [];
  const results = orders.map((order, index): Result => {
    const { code, refusal } = fates[index] ?? normal;
    if (refusal !== undefined) return { order, refusal, code };
    if (!centre.canPay(order.provider, order.parts)) {
      return { order, refusal: 'no-money', code: undefined };
    }
    const one = centre.accept(order, dialectOf(contract, call, order));
    accepted.push(one);
    return { order, message: one.message };
  });
  for (const result of results) {
    centre.count(contract.provider, 'message' in result ? 'accepted' : result.refusal);
  }
  centre.whenAccepted(accepted, (failure) => {
    if (failure) writeReply(call.response, journalFailed(call, failure));
    else conclude(submission, results, fate);
  });
}

/** Without an address nobody waits for receipts. */
function dialectOf({ dialect, provider }: Contract, { centre }: Call, order: Order): Dialect {
  const url = order.callbackUrl ?? centre.settingsOf(provider).callbackUrl;
  return url === '' ? { ...dialect, told: [] } : dialect;
}

/** What the caller hears of it. */
function conclude(
  { answer, call, contract }: Submission,
  results: readonly Result[],
  fate: ChosenFate,
): void {
  const { centre, response } = call;
  const odd = (result: string, reply: Reply) => {
    centre.count(contract.provider, result);
    writeReply(call.response, reply);
  };
  switch (fate.answer) {
    case 'late':
      if (fate.effect === 'late') writeReply(call.response, answer(results));
      else centre.delays.after(fate.delayMs, () => writeReply(call.response, answer(results)));
      return;
    case 'now':
      writeReply(call.response, answer(results));
      return;
    case 'never':
      // The socket stays open until the caller gives up or the simulator closes.
      centre.count(contract.provider, 'no_answer');
      return;
    case 'cut':
      centre.count(contract.provider, 'cut');
      response.destroy();
      return;
    case 'error':
      odd('http_500', plainText('Internal Server Error', 500));
      return;
    case 'unavailable':
      odd('http_503', plainText('Service Unavailable', 503));
      return;
    case 'garbage':
      odd('garbage', { status: 200, type: 'text/html', body: '<html><body>Hello</body></html>' });
  }
}
