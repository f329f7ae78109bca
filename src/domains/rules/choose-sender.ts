import type { MessageClass } from '#rules/decision';
import type { AllowedPair } from './entity.ts';

/** In the place of a sender where nobody is registered: the rules refuse it, with a trace. */
export const NO_SENDER = '-';

/**
 * The sender of a message whose caller names none: the first that is registered for its class and in force now, at the
 * providers in the order in which they are tried (the caller's, where he names some). Undefined where there is none.
 */
export function chooseSender(
  pairs: readonly AllowedPair[],
  asked: {
    readonly class: MessageClass;
    readonly providers: readonly string[] | undefined;
    readonly now: Date;
  },
): string | undefined {
  const { now, providers } = asked;
  const wanted = providers
    ? [...new Set(providers)].flatMap((name) => pairs.filter(({ provider }) => provider === name))
    : pairs;
  return wanted
    .filter((pair) => inForce(pair, now))
    .flatMap(({ senders }) => senders)
    .find((one) => inForce(one, now) && (one.classes?.includes(asked.class) ?? true))?.sender;
}

type Moment = Date | string;

function inForce(
  { since, until }: { readonly since?: Moment | undefined; readonly until?: Moment | undefined },
  now: Date,
): boolean {
  return (
    (since === undefined || new Date(since) <= now) &&
    (until === undefined || new Date(until) > now)
  );
}
