import type { PaymentCommand } from '#subscriptions/topics';

/** What came of a command. */
export type CommandResult =
  | { readonly outcome: 'done'; readonly what: string }
  /** It could not be carried out, for people to act on. */
  | { readonly outcome: 'refused'; readonly reason: string };

export type Command = PaymentCommand;

export const done = (what: string): CommandResult => ({ outcome: 'done', what });
export const refused = (reason: string): CommandResult => ({ outcome: 'refused', reason });
