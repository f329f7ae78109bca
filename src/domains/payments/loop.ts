import { isTransient } from '#database';
import type { Log } from '#log';

/** Works as long as there is work, then looks again after a moment, or as soon as it is woken. */
export function createLoop(work: () => Promise<number>, intervalMs: number, log: Log) {
  let isStopping = false;
  let wake = () => {};
  let woken = false;
  let running: Promise<void> | undefined;
  const nap = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, intervalMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (woken || isStopping) wake();
    });
  async function run(): Promise<void> {
    while (!isStopping) {
      woken = false;
      const done = await work().catch((error) => {
        if (!isTransient(error)) log.error({ err: error }, 'work of payments failed');
        return 0;
      });
      if (done === 0) await nap();
    }
  }
  return {
    start() {
      running ??= run();
    },
    wake() {
      woken = true;
      wake();
    },
    async stop() {
      isStopping = true;
      wake();
      await running;
    },
  };
}
