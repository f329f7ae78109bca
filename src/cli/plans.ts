import { formatMoney } from '#money';
import { planVersionToApi, readPlanDocument } from '#subscriptions';
import { formatInterval } from '#subscriptions/pricing';
import type { Call, Command } from './command.ts';
import { readYaml } from './document-file.ts';
import { EXIT } from './exit.ts';
import { moveOn, showMoves, stopMove } from './plan-moves.ts';
import { factLines, type PriceListTools, spell, withPriceList } from './price-list.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

const SAY =
  'Say: kopek plans list, show <code>, add <file>, close <code>, open <code>, moves <code>, move <code>, or stop-move <code> <mov_…>.';
const CODE_COLUMNS = 24;
const STATE_COLUMNS = 8;
const FACT_COLUMNS = 18;

export const plans: Command = {
  usage:
    'plans list | show <code> | add <file.yaml> [--version] | close <code> | open <code> | moves <code> [<mov_…>] | ' +
    'move <code> [<mov_…>] [--notice-days --consent --without --to --text --run] | stop-move <code> <mov_…> [--text] [--json]',
  help: `What is sold by card. A file says what POST /v1/plans takes, in YAML or JSON.

list       each plan at its newest version, and whether it takes new subscribers
show       one of them: its terms, its versions with those who are subscribed to them, and who changed it
add        puts a plan on sale
close      it takes no new subscriber; whoever is subscribed goes on
open       on sale again
moves      moves of those who have older versions of it onto newer ones, or what became of whom in one of them
move       looks at such a move: how many, what it comes to. Nobody is told before it is run
stop-move  stops one. Whoever has the new price keeps it; a higher price that was told and has not begun is off, and they are told

--version      of \`add\`: the next version of a plan that there is. Whoever is subscribed keeps what he agreed to
--to           of \`move\`: the version that they are moved to. The newest without it
--notice-days  of \`move\`: how many days before the first charge of a higher price they are told
--consent      of \`move\`: notice, or required (nobody is moved without a new yes)
--without      of \`move\`: of who gives no yes: keep (the old price stays, unless told) or end
--text         of \`move\` and \`stop-move\`: the SMS, such as '{title}: {price} from {date}. {stop}'
--run          of \`move\`: begins it, or the one whose number is told
--json         one JSON document`,
  options: {
    ...{ version: { type: 'boolean' }, json: { type: 'boolean' }, run: { type: 'boolean' } },
    ...{ to: { type: 'string' }, 'notice-days': { type: 'string' }, consent: { type: 'string' } },
    ...{ without: { type: 'string' }, text: { type: 'string' } },
  },
  words: { least: 1, most: 3 },
  async run(call) {
    const work = choose(call.positionals);
    return withPriceList(call, 'plans', (tools) => work(call, tools));
  },
};

type Work = (call: Call, tools: PriceListTools) => Promise<number>;

function choose([what, about, move]: readonly string[]): Work {
  if (what === 'list' && about === undefined) return listPlans;
  if (about !== undefined) {
    const named = { code: about, move };
    if (what === 'moves') return (call, tools) => showMoves(call, tools, named);
    if (what === 'move') return (call, tools) => moveOn(call, tools, named);
    if (what === 'stop-move' && move !== undefined)
      return (call, tools) => stopMove(call, tools, { code: about, move });
  }
  if (about !== undefined && move === undefined) {
    if (what === 'show') return (call, tools) => showPlan(call, tools, about);
    if (what === 'add') return (call, tools) => addPlan(call, tools, about);
    if (what === 'close' || what === 'open')
      return (call, tools) => setOpen(call, tools, { code: about, isOpen: what === 'open' });
  }
  throw new Refusal(EXIT.usage, SAY);
}

type Plan = Awaited<ReturnType<PriceListTools['plans']['all']>>[number];

async function listPlans({ terminal, values }: Call, { plans: list }: PriceListTools) {
  const all = await list.all();
  if (values.json)
    terminal.out(spell(all.map((plan) => ({ ...planVersionToApi(plan), open: plan.open }))));
  else if (all.length === 0) terminal.err('There is no plan yet.');
  else for (const plan of all) terminal.out(lineOf(terminal, plan));
  return EXIT.done;
}

function lineOf(terminal: Terminal, { code, open, price, title }: Plan): string {
  const amount = formatMoney({ amountMinor: price.unitPriceMinor, currency: price.currency });
  const state = open ? 'on sale' : 'closed';
  return [
    code.padEnd(CODE_COLUMNS),
    terminal.paint(open ? 'good' : 'quiet', state.padEnd(STATE_COLUMNS)),
    `@${price.version}  ${amount} · ${formatInterval(price.interval)}  ${title}`,
  ].join(' ');
}

async function showPlan({ terminal, values }: Call, tools: PriceListTools, code: string) {
  const { changes, newest, versions } = await tools.plans.find(tools.database.pool, code);
  const shown = versions.map(({ plan: { price }, subscribers }) => ({
    ...{ version: price.version, created_at: price.effectiveFrom, subscribers },
  }));
  const facts = { ...planVersionToApi(newest), open: newest.open };
  if (values.json) {
    terminal.out(spell({ ...facts, versions: shown, changes }));
    return EXIT.done;
  }
  terminal.out(`\n${lineOf(terminal, newest)}\n`);
  for (const line of factLines(facts, FACT_COLUMNS)) terminal.out(line);
  for (const { created_at, subscribers, version } of shown)
    terminal.out(`  version ${version}, ${created_at.toISOString()}: ${subscribers} subscribed`);
  for (const { action, actor, at } of changes)
    terminal.out(`  ${at.toISOString()}  ${action}  ${actor}`);
  return EXIT.done;
}

async function addPlan({ terminal, values }: Call, tools: PriceListTools, file: string) {
  const { actor, database, plans: list } = tools;
  const plan = await readPlanDocument(await readYaml(file, { likeJson: true }));
  if (!values.version) {
    const added = await database.transaction((tx) => list.add(tx, plan, actor));
    terminal.out(`${added.code} is on sale.`);
    return EXIT.done;
  }
  const { plan: added, subscribersOnOlder } = await database.transaction((tx) =>
    list.addVersion(tx, plan, { actor }),
  );
  terminal.out(
    `${added.code}@${added.price.version} is on sale. ${subscribersOnOlder} subscribers stay on older versions.`,
  );
  return EXIT.done;
}

async function setOpen(
  { terminal }: Call,
  { actor, database, plans: list }: PriceListTools,
  { code, isOpen }: { readonly code: string; readonly isOpen: boolean },
) {
  await database.transaction((tx) => list.setOpen(tx, code, { isOpen, actor }));
  terminal.out(`${code} ${isOpen ? 'takes' : 'takes no'} new subscribers.`);
  return EXIT.done;
}
