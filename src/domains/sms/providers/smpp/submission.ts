import { setTimeout as pause } from 'node:timers/promises';
import { type AnyPdu, type Asking, type Reply, type Request, STATUSES } from '#smpp';
import type { SmsOutcome } from '#sms/provider';
import { type FaultOf, refusalOf } from './faults.ts';

/** A session, as far as a submission needs it. */
export interface SubmitLine {
  readonly pausedMs: number;
  /** What the last bind was refused with. */
  readonly refusedStatus: number | undefined;
  request(request: Request<'submit_sm'>, asking: Asking): void;
}

export interface SubmissionOptions {
  readonly line: SubmitLine;
  readonly parts: readonly Request<'submit_sm'>[];
  readonly faultOf: FaultOf;
  readonly readId: (text: string) => string;
  /** How long a part may wait for room in the window. */
  readonly waitMs: number;
  /** Called with the ids of all parts when their acceptance came after the outcome was told as unknown. */
  readonly late: (ids: readonly string[]) => void;
}

type PartOutcome =
  | { readonly outcome: 'accepted'; readonly id: string }
  | Exclude<SmsOutcome, { readonly outcome: 'accepted' }>;

const TRIES_MOST = 20;
const AGAIN_MS = 250;
/** How many times the patience for the window parts behind the first one have. */
const REST_WAITS = 2;

/** The longest from the call until the last part is answered or given up. */
export function longestSubmissionMs(
  parts: number,
  { responseMs, waitMs }: { readonly responseMs: number; readonly waitMs: number },
): number {
  const first = waitMs + responseMs;
  return parts === 1 ? first : first + REST_WAITS * waitMs + responseMs;
}

/**
 * Sends the parts of one message, and says what became of the message. The first part goes alone: most refusals meet
 * it, and then nothing has left. Behind an accepted first part a refused one is sent again, for a part that was refused
 * did not leave, and a message in pieces is of no use. When one stays refused, some of the message is on its way and some
 * is not: neither accepted nor certainly not sent, and so unknown, which nobody sends again.
 */
export async function submitParts(options: SubmissionOptions): Promise<SmsOutcome> {
  return new Submission(options).run();
}

class Submission {
  readonly #options: SubmissionOptions;
  readonly #outcomes: (PartOutcome | undefined)[];
  #told = false;

  constructor(options: SubmissionOptions) {
    this.#options = options;
    this.#outcomes = options.parts.map(() => undefined);
  }

  async run(): Promise<SmsOutcome> {
    const first = await this.#submit(0, performance.now() + this.#options.waitMs);
    const count = this.#outcomes.length;
    if (count > 1 && first.outcome === 'accepted') {
      const untilMs = performance.now() + REST_WAITS * this.#options.waitMs;
      await Promise.all(this.#outcomes.slice(1).map((_, at) => this.#complete(at + 1, untilMs)));
    }
    this.#told = true;
    return this.#judge(first);
  }

  #judge(first: PartOutcome): SmsOutcome {
    const ids = this.#ids();
    if (ids) return { outcome: 'accepted', providerMessageIds: ids };
    if (first.outcome !== 'accepted') return first;
    const count = this.#outcomes.length;
    const at = this.#outcomes.findIndex((one) => one?.outcome !== 'accepted');
    const failed = this.#outcomes[at];
    const why = failed && failed.outcome !== 'accepted' ? failed.reason : 'not_sent';
    return { outcome: 'unknown', reason: `part_${at + 1}_of_${count}: ${why}` };
  }

  /** Undefined while not all are accepted. */
  #ids(): readonly string[] | undefined {
    const ids = this.#outcomes.flatMap((one) => (one?.outcome === 'accepted' ? [one.id] : []));
    return ids.length === this.#outcomes.length ? ids.filter((id) => id !== '') : undefined;
  }

  async #complete(at: number, untilMs: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#submit(at, untilMs);
      if (outcome.outcome !== 'not_sent' || tries === TRIES_MOST) return;
      if (!isPassing(outcome) || performance.now() + AGAIN_MS >= untilMs) return;
      await pause(AGAIN_MS);
    }
  }

  #submit(at: number, untilMs: number): Promise<PartOutcome> {
    const { line, parts } = this.#options;
    const request = parts[at] as Request<'submit_sm'>;
    return new Promise((done) => {
      line.request(request, {
        untilMs,
        done: (reply) => {
          const outcome = this.#read(reply);
          this.#outcomes[at] = outcome;
          done(outcome);
        },
        late: (pdu) => this.#hearLate(at, pdu),
      });
    });
  }

  /** A refusal that comes late changes nothing: what is unknown may be asked about, and is not sent again. */
  #hearLate(at: number, pdu: AnyPdu): void {
    const outcome = this.#readAnswer(pdu);
    if (outcome.outcome !== 'accepted') return;
    this.#outcomes[at] = outcome;
    const ids = this.#ids();
    if (ids && this.#told) this.#options.late(ids);
  }

  #read(reply: Reply): PartOutcome {
    if (reply.outcome === 'answered') return this.#readAnswer(reply.pdu);
    if (reply.outcome === 'unknown') return reply;
    const { faultOf, line } = this.#options;
    const { reason } = reply;
    if (reason === 'malformed') return { outcome: 'not_sent', fault: 'message', reason };
    if (reason === 'throttled')
      return { outcome: 'not_sent', fault: 'throttled', reason, retryAfterMs: line.pausedMs };
    if (reason === 'window_full') return { outcome: 'not_sent', fault: 'throttled', reason };
    const status = line.refusedStatus;
    if (status !== undefined && faultOf(status) === 'account')
      return { ...refusalOf(status, faultOf, 0), outcome: 'not_sent' } as PartOutcome;
    return { outcome: 'not_sent', fault: 'unreachable', reason };
  }

  /** An acceptance without a readable id is still one: the message has left. */
  #readAnswer({ body, command, status }: AnyPdu): PartOutcome {
    const { faultOf, line, readId } = this.#options;
    if (command === 'submit_sm_resp' && status === STATUSES.ESME_ROK)
      return { outcome: 'accepted', id: readId(body.messageId) };
    return refusalOf(status, faultOf, line.pausedMs) as PartOutcome;
  }
}

/** It may be taken a moment later. */
function isPassing({ fault }: Extract<PartOutcome, { outcome: 'not_sent' }>): boolean {
  return fault === 'throttled' || fault === 'temporary' || fault === 'unreachable';
}
