import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { type Answer, judgeAnswer, type Verdict } from './judge-answer.ts';
import type { Sender } from './send-delivery.ts';
import {
  type AttemptResult,
  type BreakerPolicy,
  type ClaimedDelivery,
  type ReceiverNews,
  recordAttempts,
} from './store-claims.ts';

/** A claimed delivery with all that its call needs. */
export interface Job {
  readonly delivery: ClaimedDelivery;
  readonly url: string;
  /** Opened when it is called; throws what the sealer throws. */
  readonly secrets: () => readonly string[];
  /** It is not begun after this moment of `performance.now()`: its lease might end in the middle. */
  readonly beforeMs: number;
}

export interface ConversationOptions {
  readonly clock: Clock;
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly policy: BreakerPolicy;
  readonly sender: Sender;
}

/** A result knows what it says of its receiver until it is recorded. */
export interface HeardResult extends AttemptResult {
  readonly receiver: Verdict['receiver'];
}

/** One attempt, and what is written of it. */
export function createConversation(options: ConversationOptions) {
  const { clock, database, log, metrics, policy, sender } = options;
  const attempts = metrics.counter(
    'kopek_webhook_attempts_total',
    'Webhooks sent, by what came of it',
    ['outcome'],
  );
  const took = metrics.histogram(
    'kopek_webhook_attempt_seconds',
    'Time a receiver takes to answer',
  );

  async function answerTo({ delivery, secrets, url }: Job): Promise<Answer> {
    let opened: readonly string[];
    try {
      opened = secrets();
    } catch (error) {
      log.error(
        { err: error, endpoint: delivery.endpointId },
        "an endpoint's secret can't be opened",
      );
      return { outcome: 'failed', reason: 'secret_unreadable', tookMs: 0 };
    }
    const { body, eventId } = delivery;
    return sender.send({ url, body, eventId, secrets: opened });
  }

  return {
    async call(job: Job): Promise<HeardResult> {
      const answer = await answerTo(job);
      const now = clock.now();
      const { receiver, ...verdict } = judgeAnswer(answer, job.delivery, {
        now,
        chance: Math.random(),
      });
      attempts.inc({
        outcome: answer.outcome === 'failed' ? 'no_answer' : `${Math.floor(answer.status / 100)}xx`,
      });
      took.observe(answer.tookMs / 1000);
      return {
        ...{ ...verdict, receiver, delivery: job.delivery, at: now, tookMs: answer.tookMs },
        status: answer.outcome === 'answered' ? answer.status : undefined,
        response: answer.outcome === 'answered' ? answer.response : '',
      };
    },
    /** Answers whether something may be claimed by now that could not be before. */
    record: (results: readonly HeardResult[]): Promise<boolean> =>
      recordAttempts(database.pool, { results, news: newsOf(results), policy, now: clock.now() }),
  };
}

/** In the order in which they came in: an answer ends the row of failures before it. */
function newsOf(results: readonly HeardResult[]): readonly ReceiverNews[] {
  const news = new Map<bigint, { answered: boolean; failures: number; gone: boolean }>();
  for (const { delivery, receiver } of results) {
    const one = news.get(delivery.endpointId) ?? { answered: false, failures: 0, gone: false };
    if (receiver === 'down') one.failures += 1;
    else {
      one.answered = true;
      one.failures = 0;
      one.gone ||= receiver === 'gone';
    }
    news.set(delivery.endpointId, one);
  }
  return [...news].map(([endpointId, one]) => ({ endpointId, ...one }));
}
