import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '#config';
import type { StartApp } from './app.ts';
import type { Command } from './command.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { EXIT } from './exit.ts';
import { reportFailure } from './failure.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

export interface CliOptions {
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly root: string;
  readonly version: string;
  readonly startApp: StartApp;
}

const EVERYWHERE = {
  help: { type: 'boolean', short: 'h' },
  debug: { type: 'boolean' },
} as const;

/** Runs one command and answers its exit code. Never throws. */
export async function runCli(options: CliOptions): Promise<number> {
  const { terminal } = options;
  const [verb, ...args] = options.args;
  const told = { debug: args.includes('--debug'), json: args.includes('--json') };
  try {
    if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
      return await showHelp(options, verb === 'help' ? args[0] : undefined);
    }
    if (verb === '--version' || verb === '-v') {
      terminal.out(options.version);
      return EXIT.done;
    }
    const entry = find(verb);
    return await runCommand(options, { entry, command: await entry.load(), args });
  } catch (error) {
    return reportFailure(terminal, error, told);
  }
}

function find(verb: string): CommandEntry {
  const entry = COMMANDS.find(({ name }) => name === verb);
  if (entry) return entry;
  const names = COMMANDS.map(({ name }) => name);
  const meant = nearest(verb, names);
  throw new Refusal(EXIT.usage, `There is no command "${verb}".`, {
    advice: [meant ? `Meant: kopek ${meant}` : `There are: ${names.join(', ')}`, 'kopek --help'],
  });
}

async function runCommand(
  options: CliOptions,
  { entry, command, args }: { entry: CommandEntry; command: Command; args: readonly string[] },
): Promise<number> {
  const { values, positionals } = parse(entry, command, args);
  if (values.help) return showCommand(options.terminal, entry, command);
  const { least, most } = command.words;
  if (positionals.length < least || positionals.length > most) {
    const fault = positionals.length < least ? 'Something is missing.' : 'That is too many words.';
    throw misuse(entry, command, fault);
  }
  const { root, startApp, terminal, version } = options;
  const dotenv = join(process.cwd(), '.env');
  return command.run({ values, positionals, terminal, root, startApp, version, dotenv });
}

function parse(entry: CommandEntry, command: Command, args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...EVERYWHERE, ...command.options },
      allowPositionals: true,
    });
    return {
      values: values as Readonly<Record<string, string | boolean | undefined>>,
      positionals,
    };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw misuse(entry, command, `${message}.`);
  }
}

function misuse(entry: CommandEntry, command: Command, fault: string): Refusal {
  return new Refusal(EXIT.usage, fault, {
    advice: [`kopek ${command.usage}`, `kopek ${entry.name} --help`],
  });
}

function showCommand(terminal: Terminal, entry: CommandEntry, command: Command): number {
  terminal.out(`kopek ${command.usage}\n\n  ${entry.summary}\n`);
  for (const line of command.help.split('\n')) terminal.out(line === '' ? '' : `  ${line}`);
  terminal.out('\n  --debug    show where it failed\n  --help     this');
  return EXIT.done;
}

async function showHelp({ terminal, version }: CliOptions, of?: string): Promise<number> {
  if (of !== undefined) {
    const entry = find(of);
    return showCommand(terminal, entry, await entry.load());
  }
  terminal.out(`kopek ${version}: runs a subscription business end to end\n`);
  for (const group of ['Run', 'Look', 'Act'] as const) {
    terminal.out(group);
    for (const { name, summary } of COMMANDS.filter((entry) => entry.group === group)) {
      terminal.out(`  kopek ${name.padEnd(9)} ${summary}`);
    }
    terminal.out();
  }
  terminal.out(
    'kopek <command> --help tells the rest. The simulators keep state and books of their own:',
  );
  terminal.out("what Kopek says can be compared with what the operator's book says.");
  terminal.out();
  terminal.out('Exit: 0 done, 1 failed, 2 bad usage or settings, 3 not found, 75 try again later');
  return EXIT.done;
}
