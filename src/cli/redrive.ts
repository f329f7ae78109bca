import { type DeadLetter, openBus, type QueueDepth } from '#bus';
import { createSharedClock } from '#clock';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { hideCredentials } from './failure.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

const LIMIT_DEFAULT = 1000;
const LIMIT_MAX = 1_000_000;
/** Whoever needs more of them asks the table. */
const SHOWN_MAX = 10;

export const redrive: Command = {
  usage: 'redrive <topic> [--group <name>] [--limit <number>] [--dry-run]',
  help: `Puts messages that could not be handled back to their queue, oldest first, with their attempts forgotten.
Mend the cause first: the log tells it.

--group    of this group of listeners only
--limit    at most so many; ${LIMIT_DEFAULT} unless told
--dry-run  only tell how many there are, and of the newest ${SHOWN_MAX} why`,
  options: {
    group: { type: 'string' },
    limit: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  words: { least: 1, most: 1 },
  async run(call) {
    const limit = readLimit(call.values.limit);
    const config = mustReadConfig(call);
    const database = await openRunningDatabase(config, 'redrive');
    const clock = await createSharedClock(database);
    const shared = { database, clock, log: silentLog(), metrics: createMetrics() };
    const bus = await openBus({
      ...{ ...shared, url: config.busUrl, routes: config.busRoutes, relays: false },
      source: 'kopek/redrive',
    });
    try {
      const [topic = ''] = call.positionals;
      const found = mustFind(await bus.depths(), topic, call.values.group);
      const group = typeof call.values.group === 'string' ? { group: call.values.group } : {};
      if (call.values['dry-run']) {
        tellDead(call, found, await bus.deadLetters(topic, { ...group, limit: SHOWN_MAX }));
        return EXIT.done;
      }
      const moved = await bus.redrive(topic, { ...group, limit });
      call.terminal.out(`${moved} put back to ${topic}.`);
      return EXIT.done;
    } finally {
      await bus.close();
      clock.close();
      await database.close();
    }
  },
};

function readLimit(text: string | boolean | undefined): number {
  const limit = text === undefined ? LIMIT_DEFAULT : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new Refusal(EXIT.usage, `--limit is a whole number, 1 to ${LIMIT_MAX}.`);
}

function mustFind(depths: readonly QueueDepth[], topic: string, group: unknown): QueueDepth[] {
  const ofTopic = depths.filter((depth) => depth.topic === topic);
  const found = ofTopic.filter((depth) => group === undefined || depth.group === group);
  if (found.length > 0) return found;
  const known =
    ofTopic.length > 0 ? ofTopic.map((depth) => depth.group) : depths.map((d) => d.topic);
  const what = ofTopic.length > 0 ? `${topic} has no group "${group}".` : `No topic "${topic}".`;
  const advice = [`There are: ${[...new Set(known)].join(', ')}`];
  throw new Refusal(EXIT.notFound, what, { code: 'KOP-0312', advice });
}

function tellDead(
  { terminal }: Call,
  depths: readonly QueueDepth[],
  newest: readonly DeadLetter[],
): void {
  for (const { topic, group, dead } of depths) {
    terminal.out(`${topic} → ${group}: ${dead} dead`);
    for (const { at, id, reason, source } of newest.filter((one) => one.group === group)) {
      terminal.out(`  ${at.toISOString()}  ${oneLine(`${id} from ${source}: ${reason}`)}`);
    }
  }
}

/** Whoever wrote it may have written anything. */
function oneLine(text: string): string {
  return hideCredentials(text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim());
}
