import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
/** Two cores carry many of them at once when the whole suite runs. */
const READY_PATIENCE_MS = 40_000;

/** A real `kopek` process. */
export interface Kopek {
  readonly pid: number;
  /** What it wrote to both outputs so far. */
  said(): string;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Stands still until `resume`: nothing of it runs, and its leases end. */
  pause(): void;
  resume(): void;
  /** SIGTERM; resolves with its exit code and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
}

/** Runs a program of the checkout `root` to its end; throws what it said unless it went well. */
export async function runIn(
  root: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(process.execPath, [...args], {
    ...{ cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...ofMachine(), ...settings } },
  });
  let said = '';
  child.stdout?.on('data', (chunk) => (said += chunk));
  child.stderr?.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
}

/**
 * Starts `bin/kopek.js …args` with exactly these settings and waits until it says that it is ready. `root` is another
 * checkout when another version is to run.
 */
export async function startKopek(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  root = ROOT,
): Promise<Kopek> {
  const child = spawn(process.execPath, [join(root, 'bin/kopek.js'), ...args, '--json'], {
    cwd: settings.KOPEK_DATA_DIR ?? ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ofMachine(), ...settings },
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  await waitUntilReady(child, () => said);
  return {
    pid: child.pid ?? 0,
    said: () => said,
    kill: () => end(child, 'SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      const beganMs = performance.now();
      await end(child, 'SIGTERM');
      return { code: child.exitCode, tookMs: performance.now() - beganMs };
    },
  };
}

/** What a program needs of the machine, without any setting of whoever runs the tests. */
function ofMachine(): NodeJS.ProcessEnv {
  const { HOME = '', PATH = '', TMPDIR = '', NODE_COMPILE_CACHE = '' } = process.env;
  const cache = NODE_COMPILE_CACHE === '' ? {} : { NODE_COMPILE_CACHE };
  return { HOME, PATH, ...(TMPDIR === '' ? {} : { TMPDIR }), ...cache };
}

async function waitUntilReady(child: ChildProcess, said: () => string): Promise<void> {
  const endMs = performance.now() + READY_PATIENCE_MS;
  while (!said().includes('"type":"ready"')) {
    if (child.exitCode !== null || performance.now() > endMs) {
      child.kill('SIGKILL');
      throw new Error(`kopek did not get ready: ${said()}`);
    }
    await new Promise((done) => setTimeout(done, 10));
  }
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
