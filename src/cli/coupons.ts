import { formatMoney } from '#money';
import { couponToApi, readCouponDocument, subscriptionId } from '#subscriptions';
import type { Call, Command } from './command.ts';
import { readYaml } from './document-file.ts';
import { EXIT } from './exit.ts';
import { factLines, type PriceListTools, spell, withPriceList } from './price-list.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

const SAY = 'Say: kopek coupons list, show <code>, add <file>, or end <code>.';
const LISTED_MOST = 1000;
const REDEMPTIONS_SHOWN = 20;
const CODE_COLUMNS = 24;
const STATE_COLUMNS = 8;
const FACT_COLUMNS = 30;

export const coupons: Command = {
  usage: 'coupons list | show <code> | add <file.yaml> | end <code> [--json]',
  help: `What lowers the prices of plans. A file says what POST /v1/coupons takes, in YAML or JSON.

list    each with what it takes off, and how often it was redeemed; at most ${LISTED_MOST}
show    one of them, who changed it, and its newest redemptions
add     gives one out: it never changes
end     nobody redeems it from now on; whoever has, keeps what it promised

--json  one JSON document`,
  options: { json: { type: 'boolean' } },
  words: { least: 1, most: 2 },
  async run(call) {
    const work = choose(call.positionals);
    return withPriceList(call, 'coupons', (tools) => work(call, tools));
  },
};

type Work = (call: Call, tools: PriceListTools) => Promise<number>;

function choose([what, about]: readonly string[]): Work {
  if (what === 'list' && about === undefined) return listCoupons;
  if (about !== undefined) {
    if (what === 'show') return (call, tools) => showCoupon(call, tools, about);
    if (what === 'add') return (call, tools) => addCoupon(call, tools, about);
    if (what === 'end') return (call, tools) => endCoupon(call, tools, about);
  }
  throw new Refusal(EXIT.usage, SAY);
}

type Listed = Awaited<ReturnType<PriceListTools['coupons']['find']>>;

async function listCoupons(
  { terminal, values }: Call,
  { coupons: list, database }: PriceListTools,
) {
  const all = await list.page(database.pool, { after: '', limit: LISTED_MOST });
  if (values.json) terminal.out(spell(all.map(couponToApi)));
  else if (all.length === 0) terminal.err('There is no coupon yet.');
  else for (const one of all) terminal.out(lineOf(terminal, one));
  return EXIT.done;
}

function lineOf(terminal: Terminal, { coupon, endedAt, redemptions }: Listed): string {
  const { discount, duration, redemptionsMost } = coupon;
  const off =
    discount.kind === 'percent' ? `${discount.basisPoints / 100} %` : formatMoney(discount);
  const state = endedAt === null ? 'given' : 'ended';
  const most = redemptionsMost === undefined ? '' : ` of ${redemptionsMost}`;
  const periods = duration.kind === 'periods' ? `${duration.count} periods` : duration.kind;
  return [
    coupon.code.padEnd(CODE_COLUMNS),
    terminal.paint(endedAt === null ? 'good' : 'quiet', state.padEnd(STATE_COLUMNS)),
    `${off} off, ${periods} · redeemed ${redemptions}${most}`,
  ].join(' ');
}

async function showCoupon({ terminal, values }: Call, tools: PriceListTools, code: string) {
  const { coupons: list, database } = tools;
  const found = await list.find(database.pool, code);
  const changes = await list.changes(database.pool, code);
  const page = { code, before: null, limit: REDEMPTIONS_SHOWN };
  const redemptions = (await list.redemptions(database.pool, page)).map((row) => ({
    subscription: subscriptionId({ customerId: row.customer_id, id: row.subscription_id }),
    redeemed_at: row.redeemed_at,
  }));
  const coupon = couponToApi(found);
  if (values.json) {
    terminal.out(spell({ coupon, changes, redemptions }));
    return EXIT.done;
  }
  terminal.out(`\n${lineOf(terminal, found)}\n`);
  for (const line of factLines(coupon, FACT_COLUMNS)) terminal.out(line);
  for (const { action, actor, at } of changes)
    terminal.out(`  ${at.toISOString()}  ${action}  ${actor}`);
  for (const { redeemed_at, subscription } of redemptions)
    terminal.out(`  ${redeemed_at.toISOString()}  redeemed  ${subscription}`);
  return EXIT.done;
}

async function addCoupon({ terminal }: Call, tools: PriceListTools, file: string) {
  const { actor, coupons: list, database } = tools;
  const coupon = readCouponDocument(await readYaml(file, { likeJson: true }));
  await database.transaction((tx) => list.add(tx, coupon, actor));
  terminal.out(`${coupon.code} may be redeemed.`);
  return EXIT.done;
}

async function endCoupon({ terminal }: Call, tools: PriceListTools, code: string) {
  const { actor, coupons: list, database } = tools;
  await database.transaction((tx) => list.end(tx, code, actor));
  terminal.out(`${code} is redeemed no more.`);
  return EXIT.done;
}
