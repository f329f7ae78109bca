import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { wantsNoColour } from '#config';
import type { StartApp } from './cli/app.ts';
import { runCli } from './cli/run-cli.ts';
import { processTerminal } from './cli/terminal.ts';

const NODE_MAJOR_NEEDED = 24;
const root = dirname(import.meta.dirname);

/** The platform is loaded when a command starts it: help and refusals come at once. */
const startApp: StartApp = async (options) => (await import('./app.ts')).startApp(options);

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_NEEDED) {
    console.error(
      `\n  ✗ Node ${process.versions.node} runs this command, Kopek needs ${NODE_MAJOR_NEEDED}.  KOP-0101\n` +
        '    `npm ci` installs it; `npm start` and `npx kopek` use it.\n',
    );
    return 2;
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const terminal = processTerminal({ noColour: wantsNoColour() });
  return runCli({ args: process.argv.slice(2), terminal, root, version, startApp });
}

process.exit(await main());
