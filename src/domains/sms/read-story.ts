import type { Executor } from '#database';
import type { TraceLine } from '#rules/decision';
import { readHistory } from './event-store.ts';
import { parseSmsId } from './message.ts';
import { findMessage, type SmsRow } from './message-store.ts';

/** One state of a message, with the rules that led to it. */
export interface SmsChapter {
  readonly at: Date;
  readonly state: string;
  readonly provider: string;
  readonly attempt: number;
  readonly reason: string | null;
  readonly trace: readonly TraceLine[];
}

/** A message and all that became of it; undefined when there is none. */
export async function readSmsStory(
  executor: Executor,
  sms: string,
): Promise<{ readonly message: SmsRow; readonly chapters: readonly SmsChapter[] } | undefined> {
  const id = parseSmsId(sms);
  const message = await findMessage(executor, id);
  if (!message) return undefined;
  const events = await readHistory(executor, id);
  return {
    message,
    chapters: events.map(({ at, attempt, provider, reason, state, trace }) => ({
      ...{ at, state, provider, attempt, reason },
      trace: trace === null ? [] : (JSON.parse(trace) as readonly TraceLine[]),
    })),
  };
}
