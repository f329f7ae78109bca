import { userInfo } from 'node:os';
import { dump } from 'js-yaml';
import { createSharedClock, type SharedClock } from '#clock';
import type { Database } from '#database';
import { silentLog } from '#log';
import { createRules, type Rules } from '#rules';
import type { RuleSet } from '#rules/decision';
import { parseCalendarXml, parseCalendarYear } from '#rules/local-time';
import type { Call, Command } from './command.ts';
import { readText, readYaml } from './document-file.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { previewRules } from './rules-preview.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

/** What a command of the rules works with. */
export interface RulesTools {
  readonly database: Database;
  readonly clock: SharedClock;
  readonly rules: Rules;
}

const SHOWN_MAX = 1000;
const SAY =
  'Say: kopek rules list, show <set>, preview <file>, activate <file>, or calendar import <country> <file>.';

export const rules: Command = {
  usage:
    'rules list | show <set>[@version] | preview <file.yaml> [--since 7d] [--entity <key>] | activate <file.yaml> [--in-place] | calendar import <country> <file.xml> [--region <code>]',
  help: `Laws and policies of sending, as data.

list      every set with its versions, and which hold
show      one version as YAML: the one that holds now, unless told
preview   asks a changed set about past messages, in their order, and tells what would have been decided instead of
          what was: nothing is written down. The set is tried as if it had held all the time. Rules about texts are left
          out: texts are not kept
activate  writes the set down and lets it hold from its effective.from on
calendar  imports the working days of a year, as xmlcalendar.ru (.xml) or config/rules/calendars (.yaml) has them: the next version of that year

--since     how far back a preview looks: 7d unless told; 12h, 30d, or a day (2026-11-01)
--entity    messages of this legal entity only
--in-place  an earlier version ends where this one begins; without it an overlap is refused
--region    of a region (RU-TA) instead of the country
--json      one JSON document`,
  options: {
    since: { type: 'string' },
    entity: { type: 'string' },
    'in-place': { type: 'boolean' },
    region: { type: 'string' },
    json: { type: 'boolean' },
  },
  words: { least: 1, most: 4 },
  async run(call) {
    const work = choose(call.positionals);
    const database = await openRunningDatabase(mustReadConfig(call), 'rules');
    let clock: SharedClock | undefined;
    let made: Rules | undefined;
    try {
      clock = await createSharedClock(database);
      made = await createRules({ database, clock, log: silentLog() });
      return await work(call, { database, clock, rules: made });
    } finally {
      made?.close();
      clock?.close();
      await database.close();
    }
  },
};

type Work = (call: Call, tools: RulesTools) => Promise<number>;

function choose([what, first, second, third, ...more]: readonly string[]): Work {
  const words = [first, second, third].filter((word) => word !== undefined).length;
  if (more.length === 0) {
    if (what === 'list' && words === 0) return listSets;
    if (first && what === 'show' && words === 1)
      return (call, tools) => showSet(call, tools, first);
    if (first && what === 'preview' && words === 1)
      return async (call, tools) => previewRules(call, tools, await readYaml(first));
    if (first && what === 'activate' && words === 1)
      return async (call, tools) => activate(call, tools, await readYaml(first));
    if (what === 'calendar' && first === 'import' && second && third)
      return (call, tools) => importCalendar(call, tools, { country: second, file: third });
  }
  throw new Refusal(EXIT.usage, SAY);
}

async function listSets({ terminal, values }: Call, { database, rules: made }: RulesTools) {
  const page = { id: null, status: null, after: ['', 0] as const, limit: SHOWN_MAX };
  const sets = await made.sets(database.pool, page);
  if (values.json) {
    terminal.out(JSON.stringify(sets.map(({ document: _, ...row }) => row)));
    return EXIT.done;
  }
  for (const { document, effective_from, effective_to, id, status, version } of sets) {
    const { effective } = document as RuleSet;
    const from = dayOf(effective_from, effective.from);
    const to = effective_to ? ` to ${dayOf(effective_to, effective.to)}` : '';
    const name = `${id}@${version}`;
    const tone = status === 'active' ? 'good' : 'quiet';
    terminal.out(`${name.padEnd(28)} ${terminal.paint(tone, status.padEnd(8))} from ${from}${to}`);
  }
  return EXIT.done;
}

/** As the set spells it: a law of Moscow begins at its midnight, which is the evening before in UTC. */
function dayOf(moment: Date, spelled: string | undefined): string {
  const isSame = spelled !== undefined && Date.parse(spelled) === moment.getTime();
  return (isSame ? spelled : moment.toISOString()).slice(0, 10);
}

async function showSet({ terminal, values }: Call, tools: RulesTools, name: string) {
  const [id = '', version] = name.split('@');
  const page = { id, status: null, after: ['', 0] as const, limit: SHOWN_MAX };
  const sets = await tools.rules.sets(tools.database.pool, page);
  const now = tools.clock.now();
  const holds = (one: (typeof sets)[number]) =>
    one.status === 'active' &&
    one.effective_from <= now &&
    (one.effective_to === null || one.effective_to > now);
  const found =
    version === undefined
      ? (sets.find(holds) ?? sets[0])
      : sets.find((one) => String(one.version) === version);
  if (!found) throw new Refusal(EXIT.notFound, `There is no rule set ${name}.`);
  terminal.out(values.json ? JSON.stringify(found.document) : dump(found.document).trimEnd());
  return EXIT.done;
}

/** Where a person is at the keyboard the audit knows which. */
function actor(): string {
  return `${userInfo().username} (kopek rules)`;
}

async function activate({ terminal, values }: Call, tools: RulesTools, document: unknown) {
  const { database, rules: made } = tools;
  const row = await database.transaction(async (tx) => {
    const { id, version } = await made.saveDraft(tx, document, actor());
    return made.activate(tx, { id, version, inPlace: values['in-place'] === true }, actor());
  });
  const from = row.effective_from.toISOString();
  terminal.out(`${row.id}@${row.version} holds from ${from}.`);
  return EXIT.done;
}

async function importCalendar(
  { terminal, values }: Call,
  { database, rules: made }: RulesTools,
  { country, file }: { readonly country: string; readonly file: string },
) {
  const region = typeof values.region === 'string' ? { region: values.region } : {};
  const place = { country, ...region, version: 1 };
  const { version: _, ...year } = file.endsWith('.xml')
    ? parseCalendarXml(await readText(file), place)
    : parseCalendarYear(withPlace(await readYaml(file), place));
  const saved = await database.transaction((tx) => made.saveCalendar(tx, year, actor()));
  const days = Object.keys(saved.days).length;
  terminal.out(
    `${saved.region ?? saved.country} ${saved.year}, version ${saved.version}: ${days} days differ from their weekday.`,
  );
  return EXIT.done;
}

/** The place is what the command says, whatever the file does. */
function withPlace(document: unknown, place: { readonly country: string }): unknown {
  if (typeof document !== 'object' || document === null) return document;
  return { ...document, ...place };
}
