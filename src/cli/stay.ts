import type { App } from './app.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { seconds } from './start-lines.ts';
import { listenForStop } from './stop-signal.ts';

/** All that was begun is answered or recorded by then; what is not is settled by the next start. */
const STOP_PATIENCE_MS = 4800;

export interface Stay {
  /** Rejects when `signal` asks to stop before anything runs. */
  readonly start: (signal: AbortSignal) => Promise<App>;
  /** Tells of what runs; `signal` ends it. */
  readonly present: (app: App, signal: AbortSignal) => Promise<void>;
}

/**
 * Starts the platform, lets `present` tell of it, and stays until a signal; then stops within five seconds.
 * Answers the exit code. Throws what `start` throws.
 */
export async function stayUntilStopped(call: Call, { present, start }: Stay): Promise<number> {
  const { terminal } = call;
  const stop = listenForStop(() => leave(call, 'Stopped at once.'));
  const app = await start(stop.signal).catch((error) => {
    if (!stop.signal.aborted) throw error;
    return undefined;
  });
  if (!app) {
    stop.close();
    return EXIT.done;
  }
  if (!stop.signal.aborted) {
    // What is told must never take the platform down with it.
    present(app, stop.signal).catch((error) => terminal.err(`  ${error}`));
  }
  await stop.asked;
  const beganMs = performance.now();
  const patience = setTimeout(() => leave(call, 'It takes too long.'), STOP_PATIENCE_MS);
  if (!call.values.json) terminal.out('\n  Stopping…');
  const { unanswered } = await app.stop();
  clearTimeout(patience);
  tellStopped(call, performance.now() - beganMs, unanswered);
  stop.close();
  return EXIT.done;
}

function tellStopped({ terminal, values }: Call, tookMs: number, unanswered: number): void {
  if (values.json) {
    terminal.out(JSON.stringify({ type: 'stopped', took_ms: Math.round(tookMs), unanswered }));
    return;
  }
  const left =
    unanswered > 0 ? ` ${unanswered} calls had no answer: they are asked about next.` : '';
  terminal.out(`  Stopped in ${seconds(tookMs)}.${left} Nothing is half done.`);
}

/** Nothing is lost by it: leases end, and unknown outcomes are asked about before anything is sent again. */
function leave({ terminal }: Call, why: string): never {
  terminal.err(`  ${why} What was under way is settled at the next start.`);
  process.exit(EXIT.failed);
}
