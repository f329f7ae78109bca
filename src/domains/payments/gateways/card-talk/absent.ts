import type { CardAnswer } from '#payments/card-gateway';
import { type Declined, refused } from './answer.ts';

/** What a gateway can't do it declines without a call. */
export function absent(): Promise<CardAnswer<Declined>> {
  return Promise.resolve({ result: refused('not_supported'), log: [] });
}
