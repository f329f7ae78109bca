import type { App } from './app.ts';
import { EXIT } from './exit.ts';
import { seconds } from './start-lines.ts';
import type { StopSignal } from './stop-signal.ts';
import { listenForStop } from './stop-signal.ts';
import type { Terminal } from './terminal.ts';

/** All that was begun is answered or recorded by then; what is not is settled by the next start. */
const STOP_PATIENCE_MS = 4800;

/**
 * Starts the platform, lets `present` tell of it, and stays until a signal; then stops within five seconds.
 * Answers the exit code. Throws what `start` throws.
 */
export async function stayUntilStopped(
  terminal: Terminal,
  input: {
    readonly start: () => Promise<App>;
    readonly present: (app: App, stop: StopSignal) => Promise<void>;
  },
): Promise<number> {
  const stop = listenForStop(() => {
    terminal.out('  Stopped at once. What was under way is settled at the next start.');
    process.exit(EXIT.failed);
  });
  const app = await input.start();
  const presenting = stop.signal.aborted ? undefined : input.present(app, stop);
  // What is told must never take the platform down with it.
  presenting?.catch((error) => terminal.err(`  ${error}`));
  await stop.asked;
  const beganMs = performance.now();
  const patience = setTimeout(() => {
    terminal.out('  Some work did not end in time. It is settled at the next start.');
    process.exit(EXIT.failed);
  }, STOP_PATIENCE_MS);
  terminal.out('\n  Stopping…');
  await app.stop();
  clearTimeout(patience);
  terminal.out(`  Stopped in ${seconds(performance.now() - beganMs)}. Nothing is half done.`);
  stop.close();
  return EXIT.done;
}
