import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { Log } from '#log';
import { createStepper } from '#payouts/take-steps';
import { createStatuses } from './apply-statuses.ts';
import type { NewStatus } from './status-store.ts';

/** Where statuses come in that no topic brings: a bank's files, what was found in a list. */
export interface StatusInbox {
  /** Keeps them and decides what they come to; money that a word moves is moved by `oebs-gate`. Answers how many were new. */
  receive(tx: Tx, statuses: readonly NewStatus[]): Promise<number>;
}

export function createStatusInbox(options: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}): StatusInbox {
  const { receive } = createStatuses({ ...options, stepper: createStepper(options) });
  return { receive };
}
