import type { Clock } from '#clock';
import type { Tx } from '#database';
import { type Change, insertChanges, raiseRevision } from './audit-store.ts';

/** Makes changes one after the other, each with its line in the audit. */
export interface Recorder {
  /** Before the first look at what is to be changed: whoever comes second sees what the first has made of it. */
  begin(tx: Tx): Promise<void>;
  /** Nothing is written where nothing is different. */
  record(tx: Tx, change: Omit<Change, 'at'>): Promise<void>;
}

export function createRecorder(options: {
  readonly clock: Clock;
  /** What is held in memory is read again when the change has committed. */
  readonly onChange: (tx: Tx) => void;
}): Recorder {
  const { clock, onChange } = options;
  return {
    async begin(tx) {
      await raiseRevision(tx);
      onChange(tx);
    },
    async record(tx, change) {
      if (JSON.stringify(change.before) === JSON.stringify(change.after)) return;
      await insertChanges(tx, [{ ...change, at: clock.now() }]);
    },
  };
}
