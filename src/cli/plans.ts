import { formatMoney } from '#money';
import { planVersionToApi, readPlanDocument } from '#subscriptions';
import { formatInterval } from '#subscriptions/pricing';
import type { Call, Command } from './command.ts';
import { readYaml } from './document-file.ts';
import { EXIT } from './exit.ts';
import { factLines, type PriceListTools, spell, withPriceList } from './price-list.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

const SAY = 'Say: kopek plans list, show <code>, add <file>, close <code>, or open <code>.';
const CODE_COLUMNS = 24;
const STATE_COLUMNS = 8;
const FACT_COLUMNS = 18;

export const plans: Command = {
  usage:
    'plans list | show <code> | add <file.yaml> [--version] | close <code> | open <code> [--json]',
  help: `What is sold by card. A file says what POST /v1/plans takes, in YAML or JSON.

list       each plan at its newest version, and whether it takes new subscribers
show       one of them: its terms, its versions with those who are subscribed to them, and who changed it
add        puts a plan on sale
close      it takes no new subscriber; whoever is subscribed goes on
open       on sale again

--version  of \`add\`: the next version of a plan that there is. Whoever is subscribed keeps what he agreed to
--json     one JSON document`,
  options: { version: { type: 'boolean' }, json: { type: 'boolean' } },
  words: { least: 1, most: 2 },
  async run(call) {
    const work = choose(call.positionals);
    return withPriceList(call, 'plans', (tools) => work(call, tools));
  },
};

type Work = (call: Call, tools: PriceListTools) => Promise<number>;

function choose([what, about]: readonly string[]): Work {
  if (what === 'list' && about === undefined) return listPlans;
  if (about !== undefined) {
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
