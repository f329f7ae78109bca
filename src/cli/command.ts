import type { ParseArgsOptionsConfig } from 'node:util';
import type { StartApp } from './app.ts';
import type { Terminal } from './terminal.ts';

/** What a command is called with. */
export interface Call {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  readonly startApp: StartApp;
  /** Kopek's own folder. */
  readonly root: string;
  readonly version: string;
  /** The `.env` file of the folder that the command was called in; it need not be there. */
  readonly dotenv: string;
}

export interface Command {
  /** How it is called, without `kopek`. */
  readonly usage: string;
  /** What it does and what its options mean, for `--help`. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** How many words it takes besides options. */
  readonly words: { readonly least: number; readonly most: number };
  /** Answers the exit code. Throws `Refusal` for what it tells in its own words. */
  run(call: Call): Promise<number>;
}
