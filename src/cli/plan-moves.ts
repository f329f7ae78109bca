import { listedMoveToApi, moveToApi } from '#subscriptions';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { factLines, type PriceListTools, spell } from './price-list.ts';
import { Refusal } from './refusal.ts';

const FACT_COLUMNS = 18;
const STATE_COLUMNS = 10;

type Report = Parameters<typeof moveToApi>[0];

/** All moves of a plan, or what became of one. */
export async function showMoves(
  call: Call,
  { database, moves }: PriceListTools,
  { code, move }: { readonly code: string; readonly move: string | undefined },
): Promise<number> {
  const { terminal, values } = call;
  if (move !== undefined)
    return show(call, await moves.report(database.pool, { plan: code, move }));
  const listed = (await moves.list(database.pool, code)).map(listedMoveToApi);
  if (values.json) terminal.out(spell(listed));
  else if (listed.length === 0)
    terminal.err(`Nobody was ever moved to a newer version of ${code}.`);
  else
    for (const one of listed)
      terminal.out(
        `${one.move}  ${one.state.padEnd(STATE_COLUMNS)} to @${one.version}  ${one.planned} told, ${one.called_off} called off, of ${one.total}`,
      );
  return EXIT.done;
}

/** Looks at a move; with `--run`, or the number of one that was looked at, it begins. */
export async function moveOn(
  call: Call,
  tools: PriceListTools,
  { code, move }: { readonly code: string; readonly move: string | undefined },
): Promise<number> {
  const { actor, database, moves } = tools;
  const run = call.values.run === true;
  if (move !== undefined && !run)
    throw new Refusal(EXIT.usage, `${move} was looked at already: say --run to begin it.`);
  const report = await database.transaction(async (tx) => {
    const id = move ?? (await moves.preview(tx, { ...wantedOf(call), plan: code, actor })).id;
    return run
      ? moves.run(tx, { plan: code, move: id, actor })
      : moves.report(tx, { plan: code, move: id });
  });
  return show(call, report);
}

/** Stops one: for whom a higher price has not begun, it is off. */
export async function stopMove(
  call: Call,
  { actor, database, moves }: PriceListTools,
  { code, move }: { readonly code: string; readonly move: string },
): Promise<number> {
  const text = textOf(call);
  const report = await database.transaction((tx) =>
    moves.stop(tx, { plan: code, move, actor, text }),
  );
  return show(call, report);
}

const CONSENTS = ['notice', 'required'] as const;
const WITHOUT = ['keep', 'end'] as const;
const DAYS_MOST = 366;

function wantedOf(call: Call) {
  const { values } = call;
  const text = textOf(call);
  if (text === undefined)
    throw new Refusal(EXIT.usage, 'Say --text: what those who are moved are told by SMS.');
  return {
    ...{ text, consent: choice(call, 'consent', CONSENTS) },
    without: values.without === undefined ? 'keep' : choice(call, 'without', WITHOUT),
    noticeDays: wholeNumber(call, 'notice-days', DAYS_MOST),
    ...(values.to === undefined ? {} : { version: wholeNumber(call, 'to', 1_000_000) }),
  } as const;
}

function textOf({ values: { text } }: Call): string | undefined {
  return typeof text === 'string' && text.trim() !== '' ? text : undefined;
}

function choice<Word extends string>({ values }: Call, name: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === values[name]);
  if (!found) throw new Refusal(EXIT.usage, `--${name} must be ${words.join(' or ')}.`);
  return found;
}

function wholeNumber({ values }: Call, name: string, most: number): number {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Refusal(EXIT.usage, `--${name} must be a whole number from 1 to ${most}.`);
}

function show({ terminal, values }: Call, report: Report): number {
  const facts = moveToApi(report);
  if (values.json) terminal.out(spell(facts));
  else for (const line of factLines(facts, FACT_COLUMNS)) terminal.out(line);
  return EXIT.done;
}
