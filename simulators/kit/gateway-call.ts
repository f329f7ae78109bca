import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type Fault, type FaultBehaviour, type FaultSubject, faultBehaviours } from './faults.ts';
import type { Fields } from './fields.ts';
import type { GatewaySimulator, LineSettings } from './gateway.ts';
import { json, type Reply, writeReply } from './reply.ts';
import type { Route } from './routes.ts';

/** A request as it came. */
export interface GatewayCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request to a page or a control: `group` is the path's group. */
export interface GatewayVisit extends GatewayCall {
  readonly fields: Fields;
  readonly group: string;
  /** `http://` and the host as the browser wrote it. */
  readonly origin: string;
}

export type GatewayHandler = (visit: GatewayVisit) => Reply | Promise<Reply>;
export type GatewayRoute = Route<GatewayHandler>;

/** One call of a gateway's own interface, understood but not carried out yet. */
export interface ApiCall extends FaultSubject {
  /** Does the work, within a transaction. */
  readonly perform: () => Reply;
  /** What a 500 looks like; `isDone`: the work is done before it. */
  readonly fail: (isDone: boolean) => Reply;
  readonly unavailable: () => Reply;
  /** Too many calls in a second. */
  readonly throttled: () => Reply;
  /** While it is under way, another call with this key is answered with `busy`. */
  readonly key?: string | undefined;
  readonly busy?: () => Reply;
}

/** Thrown to answer at once; whatever was changed is taken back. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.reply = reply;
  }
}

const untroubled = { effect: 'now', answer: 'now' } as const;

/** Carries calls out one by one, with what befalls them on the way. */
export class CallDesk<Settings extends LineSettings> {
  readonly #gateway: GatewaySimulator<Settings>;
  readonly #busy = new Set<string>();

  constructor(gateway: GatewaySimulator<Settings>) {
    this.#gateway = gateway;
    gateway.onReset(() => this.#busy.clear());
  }

  take(call: ApiCall, response: ServerResponse): void {
    const refusal = this.#refuse(call);
    if (refusal) {
      this.#answer(call, response, refusal);
      return;
    }
    if (call.key !== undefined) this.#busy.add(call.key);
    const fault = this.#gateway.faults.ofLine(call);
    this.#after(this.#gateway.nextLatencyMs(), () => this.#behave(call, response, fault));
  }

  #refuse({ busy, key, throttled }: ApiCall): Reply | undefined {
    const { gate, settings } = this.#gateway;
    if (!gate.admits(performance.now(), settings.tps)) return throttled();
    return busy && key !== undefined && this.#busy.has(key) ? busy() : undefined;
  }

  #behave(call: ApiCall, response: ServerResponse, fault: Fault | undefined): void {
    const { answer, effect } = fault ? faultBehaviours[fault.name] : untroubled;
    const lateMs = fault?.delayMs ?? this.#gateway.settings.lateMs;
    this.#after(effect === 'late' ? lateMs : 0, () => {
      const reply = this.#replyOf(call, { answer, effect });
      if (answer === 'never' || answer === 'hang-up' || !reply) {
        this.#release(call);
        this.#gateway.count(call.operation, answer);
        // The socket of what is never answered stays open until the caller gives up.
        if (answer === 'hang-up') this.#gateway.store.whenWritten(() => response.destroy());
        return;
      }
      const finish = () => this.#finish(call, response, reply);
      const { notices } = this.#gateway;
      if (answer !== 'after-notices' || !notices) {
        this.#after(answer === 'late' && effect === 'now' ? lateMs : 0, finish);
        return;
      }
      void notices.bringNow(notices.takeAdded()).then(finish);
    });
  }

  #replyOf(call: ApiCall, { answer, effect }: Omit<FaultBehaviour, 'meaning'>): Reply | undefined {
    if (answer === 'unavailable') return call.unavailable();
    if (answer === 'error') return this.#within(call, () => call.fail(effect === 'now'));
    return effect === 'never' ? undefined : this.#perform(call);
  }

  /** At once where there is nothing to wait for: most calls are answered in the turn in which they came. */
  #after(delayMs: number, action: () => void): void {
    if (delayMs === 0) action();
    else this.#gateway.delays.after(delayMs, action);
  }

  #perform(call: ApiCall): Reply {
    this.#gateway.notices?.takeAdded();
    return this.#within(call, call.perform);
  }

  #within(call: ApiCall, action: () => Reply): Reply {
    try {
      return this.#gateway.store.transact(action);
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      const reason = error instanceof Error ? error.stack : String(error);
      this.#gateway.log('a call failed', { operation: call.operation, reason });
      return json(500, { error: 'Internal error' });
    }
  }

  #finish(call: ApiCall, response: ServerResponse, reply: Reply): void {
    this.#release(call);
    this.#answer(call, response, reply);
  }

  #release({ key }: ApiCall): void {
    if (key !== undefined) this.#busy.delete(key);
  }

  #answer({ operation }: ApiCall, response: ServerResponse, reply: Reply): void {
    this.#gateway.count(operation, reply.status);
    answerWhenWritten(this.#gateway, response, reply);
  }
}

/** Nothing is answered before everything that it may rest on is on the disk. */
export function answerWhenWritten<Settings extends LineSettings>(
  { log, store }: GatewaySimulator<Settings>,
  response: ServerResponse,
  reply: Reply,
): void {
  store.whenWritten((failure) => {
    if (!failure) return writeReply(response, reply);
    log('the journal cannot be written', { reason: failure.message });
    writeReply(response, json(500, { error: 'Internal error' }));
  });
}
