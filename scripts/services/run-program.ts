import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type RunAs, wrapCommand } from '#run-as';
import { markProcess, type ProcessMark } from './process-mark.ts';
import type { Program } from './service.ts';

export interface Ran {
  readonly code: number;
  /** Both streams, as they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly folder?: string;
  readonly as?: RunAs | undefined;
}

const OUTPUT_MAX = 200_000;

/** Runs it to its end, or ends it after `limitMs`. A program that is not there ends with 127, as in a shell. */
export function runProgram(command: string, args: readonly string[], options: RunOptions) {
  return new Promise<Ran>((done) => {
    const wrapped = wrapCommand(options.as, command, args);
    const child = spawn(wrapped.command, wrapped.args, {
      ...wrapped.options,
      cwd: options.folder,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const hear = (chunk: Buffer) => {
      output = (output + chunk).slice(-OUTPUT_MAX);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const limit = setTimeout(() => {
      output += `\n${command} did not end within ${options.limitMs / 1000} s`;
      child.kill('SIGKILL');
    }, options.limitMs);
    const end = (code: number) => {
      clearTimeout(limit);
      done({ code, output: stripVTControlCharacters(output).trim() });
    };
    child.on('error', (error) => {
      output += error.message;
      end(127);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}

/**
 * Starts it to outlive us, in a group of its own, so that Ctrl-C on the terminal does not reach it. What it says
 * goes to its log file, which begins anew.
 */
export async function startProgram(program: Program): Promise<ProcessMark> {
  const { command, args, options } = wrapCommand(program.as, program.command, program.args);
  await mkdir(dirname(program.logFile), { recursive: true });
  const log = await open(program.logFile, 'w');
  try {
    const child = spawn(command, args, {
      ...options,
      cwd: program.folder,
      env: { ...program.env },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((done, fail) => {
      child.once('spawn', done);
      child.once('error', fail);
    });
    child.unref();
    return await markProcess(program.label, child.pid ?? 0);
  } finally {
    await log.close();
  }
}

/** Where a program is: the first of `places` that can be run, then the folders of PATH. */
export function findProgram(name: string, places: readonly string[] = []): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...places, ...folders.map((folder) => join(folder, name))].find(canRun);
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
