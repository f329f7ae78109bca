import { createSharedClock, createSystemClock } from '#clock';
import type { Database } from '#database';
import { createReading } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import { maskMsisdn, readAnyMsisdn } from '#phone';
import { readClientStory, readNewestOfStory, readPipeline, type StoryEvent } from '#reports';
import type { Call, Command } from './command.ts';
import { eventLine, pipelineLine } from './event-line.ts';
import { EXIT } from './exit.ts';
import { printLive } from './live-events.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';
import { listenForStop } from './stop-signal.ts';

/** The newest lines of a story: what happened before is in the API, in pages. */
const STORY_MOST = 500;
const PIPELINE_MOST = 2000;
/** How far back the pipeline is read each time; also what it shows first. */
const PIPELINE_WINDOW_MS = 30_000;

export const follow: Command = {
  usage: 'follow <msisdn> [--once] [--json]  |  follow --client <id>  |  follow -f [--json]',
  help: `Prints what happened to one phone number, one line an event, in order, and goes on as it happens.
The number may be spelled +923009102250, 923009102250 or 03009102250.

--client   a partner's story instead: what it has earned, and every step of its payouts

--once     print what there is and end; 3 when nothing is known of the number or the partner
--json     one JSON object a line: {"type":"event","at","kind","subject","detail"}
-f, --everybody
           the living pipeline: everybody's events`,
  options: {
    once: { type: 'boolean' },
    json: { type: 'boolean' },
    client: { type: 'string' },
    everybody: { type: 'boolean', short: 'f' },
  },
  words: { least: 0, most: 1 },
  async run(call) {
    const [number] = call.positionals;
    const { client } = call.values;
    const asked = [number, client, call.values.everybody || undefined];
    if (asked.filter((one) => one !== undefined).length !== 1) {
      const advice = [
        'kopek follow 03009102250',
        'kopek follow --client demo     a partner',
        "kopek follow -f                everybody's events",
      ];
      throw new Refusal(EXIT.usage, 'Follow whom?', { advice });
    }
    const database = await openRunningDatabase(mustReadConfig(call), 'follow-watching');
    try {
      if (typeof client === 'string') return await followClient(call, database, client);
      return number === undefined
        ? await followEverybody(call, database)
        : await followNumber(call, database, number);
    } finally {
      await database.close();
    }
  },
};

async function followNumber(call: Call, database: Database, text: string): Promise<number> {
  const msisdn = await readNumber(database, text);
  const read = () => readNewestOfStory(database.pool, { msisdn, limit: STORY_MOST });
  return followStory(call, { who: maskMsisdn(msisdn), read });
}

function followClient(call: Call, database: Database, clientId: string): Promise<number> {
  const ledger = createReading({ database, clock: createSystemClock() });
  const from = { executor: database.pool, ledger };
  const read = () => readClientStory(from, { clientId, limit: STORY_MOST });
  return followStory(call, { who: clientId.replaceAll(/\p{Cc}/gu, ' '), read });
}

async function followStory(
  call: Call,
  story: { readonly who: string; readonly read: () => Promise<readonly StoryEvent[]> },
): Promise<number> {
  const { terminal, values } = call;
  const { read, who } = story;
  const print = (event: StoryEvent) =>
    terminal.out(values.json ? toJson(event) : eventLine(event, terminal));
  const first = await read();
  if (values.once && first.length === 0) {
    throw new Refusal(EXIT.notFound, `Nothing is known of ${who}.`);
  }
  if (!values.json) {
    const more = first.length === STORY_MOST ? 'newest ' : '';
    const live = values.once ? '' : terminal.paint('quiet', '   live, Ctrl-C ends');
    terminal.out(
      `\n  ${terminal.paint('strong', who)}   ${more}${first.length} ${first.length === 1 ? 'event' : 'events'}${live}\n`,
    );
  }
  if (values.once) {
    for (const event of first) print(event);
    return EXIT.done;
  }
  return live(call, (signal) => printLive({ read, print, signal }));
}

async function followEverybody(call: Call, database: Database): Promise<number> {
  const { terminal, values } = call;
  const clock = await createSharedClock(database);
  const read = () => {
    const since = new Date(clock.nowMs() - PIPELINE_WINDOW_MS);
    return readPipeline(database.pool, { since, limit: PIPELINE_MOST });
  };
  const print = (event: Awaited<ReturnType<typeof read>>[number]) =>
    terminal.out(values.json ? toJson(event) : pipelineLine(event, terminal));
  try {
    if (values.once) {
      for (const event of await read()) print(event);
      return EXIT.done;
    }
    return await live(call, (signal) => printLive({ read, print, signal }));
  } finally {
    clock.close();
  }
}

async function live(call: Call, print: (signal: AbortSignal) => Promise<boolean>): Promise<number> {
  const stop = listenForStop(() => process.exit(EXIT.done));
  try {
    if (await print(stop.signal)) return EXIT.done;
    call.terminal.err('  Kopek has stopped: its database does not answer any more.');
    return EXIT.temporary;
  } finally {
    stop.close();
  }
}

async function readNumber(database: Database, text: string): Promise<string> {
  const operators = await createOperators({ database, log: silentLog(), metrics: createMetrics() });
  try {
    return readAnyMsisdn(
      text,
      operators.all().map(({ plan }) => plan),
    );
  } finally {
    await operators.close();
  }
}

function toJson({ position: _, ...event }: StoryEvent): string {
  return JSON.stringify({ type: 'event', ...event });
}
