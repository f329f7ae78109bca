import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually, type Lifetime } from '#testing';

const KOPEK = join(import.meta.dirname, '../../bin/kopek.js');
const PATIENCE = { timeoutMs: 60_000, intervalMs: 50 } as const;

/** A program that runs, and what it has said so far. */
export interface Program {
  /** Both outputs. */
  text(): string;
  /** Resolves when it has said something like that. */
  says(words: RegExp): Promise<void>;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads. */
  readonly input?: string;
}

/** Runs it until it ends by itself, or `life` does. */
export function runProgram(life: Lifetime, options: ProgramOptions): Program {
  const { args, command, env = {}, input } = options;
  const { HOME = '', PATH = '' } = process.env;
  const child = spawn(command, args, { env: { HOME, PATH, ...env } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  child.stdin.on('error', () => {}); // it may end before it has read all
  child.stdin.end(input ?? '');
  const ended = new Promise<number | null>((done) => child.on('close', done));
  life.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const says = async (words: RegExp) => {
    await eventually(() => {
      if (!words.test(text)) throw new Error(`it has not said ${words}: ${text}`);
    }, PATIENCE);
  };
  return { ended, says, text: () => text, signal: (name) => void child.kill(name) };
}

export function startKopek(
  life: Lifetime,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Program {
  return runProgram(life, { command: process.execPath, args: [KOPEK, ...args], env });
}

/** What a program says that ends by itself. Throws when it fails. */
export async function answerOf(program: Program): Promise<string> {
  const code = await program.ended;
  if (code !== 0) throw new Error(`it ended with ${code}: ${program.text()}`);
  return program.text();
}
