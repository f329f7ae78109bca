import { createHash } from 'node:crypto';
import { parseId } from '#ids';
import type { SmsQuestion } from '#sms/provider';

const ID_MAX = 0x7fff_ffff;
const ID_EPOCH_MS = Date.UTC(2020, 0, 1);
const ID_TIME_SHIFT = 22n;

/**
 * Our id of one attempt, 1 to 2³¹ − 1, always the same for the same attempt. SMSC.ru does not hold ids to be unique: it
 * finds a message by number and id together, and of two with both alike it tells the later. So two attempts are confused
 * only when they are to one handset and fall together by one chance in two thousand million; what was sent before ours was
 * even made is told by its time (`mayBeOurs`), and a later one would have to come between sending and asking.
 */
export function smscId({ attempt, sms }: Pick<SmsQuestion, 'attempt' | 'sms'>): string {
  const digest = createHash('sha256').update(`${sms}\0${attempt}`).digest();
  return String(1 + (digest.readUInt32BE(0) % ID_MAX));
}

/** How far their clock may be behind ours. */
const SKEW_MS = 3_600_000;

/** False where what they know by our id was sent before our message was made: somebody else's, long ago. */
export function mayBeOurs(sms: string, sentAt: Date | undefined): boolean {
  if (!sentAt) return true;
  const madeMs = ID_EPOCH_MS + Number(parseId('sms', sms).id >> ID_TIME_SHIFT);
  return sentAt.getTime() >= madeMs - SKEW_MS;
}
