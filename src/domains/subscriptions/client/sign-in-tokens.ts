import { createHash } from 'node:crypto';
import { readToken, signToken } from '#auth';
import type { Clock } from '#clock';
import { fail } from './errors.ts';

type Step = 'begin' | 'pin';

/** Tokens of the forms by which somebody signs in: each is of one browser, so that nobody is signed in as somebody else unawares. */
export interface SignInTokens {
  write(step: Step, visit: string, msisdn?: string): string;
  /** Answers the number that it is about. Throws `form_of_another_page`, `token_invalid`, `token_expired`. */
  read(step: Step, token: string, visit: string): string;
}

const PURPOSES: Readonly<Record<Step, string>> = { begin: 'client-sign-in', pin: 'client-pin' };
const MAX_AGE_MS = 15 * 60_000;

export function createSignInTokens({
  clock,
  secret,
}: {
  readonly clock: Clock;
  readonly secret: string;
}): SignInTokens {
  const signing = (step: Step) => ({ secret, purpose: PURPOSES[step], now: clock.now() });
  return {
    write: (step, visit, msisdn = '') => signToken([hashOf(visit), msisdn], signing(step)),
    read(step, token, visit) {
      const [owner, msisdn] = readToken<readonly [string, string]>(token, {
        ...{ ...signing(step), maxAgeMs: MAX_AGE_MS },
      });
      if (owner === hashOf(visit)) return msisdn;
      throw fail(
        'form_of_another_page',
        'This form was opened in another browser. Open the page again.',
      );
    },
  };
}

function hashOf(visit: string): string {
  return createHash('sha256').update(visit).digest('base64url');
}
