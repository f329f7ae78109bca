import { getPriority, setPriority } from 'node:os';
import type { Log } from '#log';

/**
 * Takes this process's place among those that share its machine: -20 goes first, 19 last, 0 is everybody's. Below 0 needs a right
 * (root, or `CAP_SYS_NICE`); without it the place stays as it was, and the log says so. Answers the place that it has.
 */
export function takePriority(place: number, log: Log): number {
  try {
    setPriority(place);
  } catch (error) {
    const why = 'the priority could not be taken: below 0 it needs root or CAP_SYS_NICE';
    log.warn({ err: error, priority: place }, why);
  }
  return getPriority();
}
