import { createLog } from '#log';
import { PROCESS_NAMES, type ProcessName } from './app.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { mustReadConfig } from './settings.ts';
import { busText, seconds } from './start-lines.ts';
import { stayUntilStopped } from './stay.ts';

export const serve: Command = {
  usage: 'serve <process…> [--json]',
  help: `Runs some processes only, as many copies as wanted, on as many machines as wanted, on one DATABASE_URL:
  ${PROCESS_NAMES.join('  ')}
No demo, no simulator. It waits until the database has every migration that it needs (kopek migrate). The log goes to the standard error, JSON a line. SIGTERM stops it within five seconds.

--json     {"type":"ready",…} when it is up`,
  options: { json: { type: 'boolean' } },
  words: { least: 1, most: PROCESS_NAMES.length },
  async run(call) {
    const processes = [...new Set(call.positionals.map(readName))];
    const config = mustReadConfig(call);
    const log = createLog({ level: config.logLevel });
    return stayUntilStopped(call, {
      start: (waitForMigrations) =>
        call.startApp({
          ...{ config, log, processes, demo: false, simulator: false, waitForMigrations },
        }),
      present: async ({ report }) => {
        const ready = `${processes.join(' ')} ready in ${seconds(report.readyMs)}`;
        const where = [...new Set(Object.values(report.urls))].join('  ');
        const away = report.brokers.map((broker) => (broker.away ? `: ${broker.away}` : ''));
        const bus = `bus ${busText(config)}${away.join('')}`;
        const told = JSON.stringify({ type: 'ready', ...report });
        call.terminal.out(call.values.json ? told : `  ${ready}   ${bus}   ${where}`.trimEnd());
      },
    });
  },
};

function readName(text: string): ProcessName {
  const name = PROCESS_NAMES.find((candidate) => candidate === text);
  if (name) return name;
  const advice = [`There are: ${PROCESS_NAMES.join(', ')}`];
  throw new Refusal(EXIT.usage, `There is no process "${text}".`, { advice });
}
