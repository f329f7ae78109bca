import { formatMoney } from '#money';
import {
  type GatewayAccountState,
  gatewayToApi,
  readGatewayAccount,
  readGatewayAccounts,
} from '#payments';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';
import type { Terminal, Tone } from './terminal.ts';

const SAY = 'Say: kopek gateways list, or show <name>.';
const NAME_COLUMNS = 20;
const KIND_COLUMNS = 14;
const STATE_COLUMNS = 10;
const FACT_COLUMNS = 22;

export const gateways: Command = {
  usage: 'gateways list | show <name> [--json]',
  help: `The accounts at card gateways: PUT /v1/gateways/<name> makes and changes them.

list    each with its kind, whether it is given payments now, its weight, and which payments it takes
show    one of them, with its settings; credentials are never shown

--json  one JSON document`,
  options: { json: { type: 'boolean' } },
  words: { least: 1, most: 2 },
  async run(call) {
    const [what, name, ...more] = call.positionals;
    const isList = what === 'list' && name === undefined;
    const isShow = what === 'show' && name !== undefined && more.length === 0;
    if (!isList && !isShow) throw new Refusal(EXIT.usage, SAY);
    const config = mustReadConfig(call);
    const database = await openRunningDatabase(config, 'gateways');
    const plain = (state: GatewayAccountState) => gatewayToApi(state, config.publicUrl);
    try {
      if (name === undefined)
        return listAccounts(call, await readGatewayAccounts(database.pool), plain);
      const state = await readGatewayAccount(database.pool, name);
      if (!state) throw new Refusal(EXIT.notFound, `There is no gateway account ${name}.`);
      return showAccount(call, state, plain);
    } finally {
      await database.close();
    }
  },
};

type Plain = (state: GatewayAccountState) => ReturnType<typeof gatewayToApi>;

function listAccounts(
  { terminal, values }: Call,
  states: readonly GatewayAccountState[],
  plain: Plain,
): number {
  if (values.json) terminal.out(spell(states.map(plain)));
  else if (states.length === 0) terminal.err('There is no gateway account yet.');
  else for (const state of states) terminal.out(lineOf(terminal, state));
  return EXIT.done;
}

function lineOf(terminal: Terminal, state: GatewayAccountState): string {
  const { kind, name, title, weight } = state.account;
  const [tone, word] = stateOf(state);
  const facts = [title, ...limitsOf(state)].join(' · ');
  return [
    ...[name.padEnd(NAME_COLUMNS), kind.padEnd(KIND_COLUMNS)],
    ...[terminal.paint(tone, word.padEnd(STATE_COLUMNS)), `weight ${weight}  ${facts}`],
  ].join(' ');
}

function showAccount({ terminal, values }: Call, state: GatewayAccountState, plain: Plain): number {
  if (values.json) {
    terminal.out(spell(plain(state)));
    return EXIT.done;
  }
  const { settings, ...facts } = plain(state);
  terminal.out(`\n${lineOf(terminal, state)}\n`);
  const told = Object.entries(settings).map(
    ([name, value]) => [`settings.${name}`, value] as const,
  );
  for (const [fact, value] of [...Object.entries(facts), ...told])
    terminal.out(`  ${fact.padEnd(FACT_COLUMNS)} ${textOf(value)}`);
  return EXIT.done;
}

function stateOf({ account, openMs }: GatewayAccountState): readonly [Tone, string] {
  if (!account.enabled) return ['quiet', 'off'];
  if (openMs === undefined) return ['good', 'takes'];
  return ['warning', openMs > 0 ? 'open' : 'on trial'];
}

/** Which payments it takes, for a person. */
function limitsOf({ account }: GatewayAccountState): readonly string[] {
  const { amountMaxMinor, amountMinMinor, brands, currencies, methods, reserve } = account;
  const money = (amountMinor: bigint) =>
    formatMoney({ amountMinor, currency: currencies?.[0] ?? '' });
  return [
    currencies?.join(', '),
    amountMinMinor === undefined ? undefined : `from ${money(amountMinMinor)}`,
    amountMaxMinor === undefined ? undefined : `up to ${money(amountMaxMinor)}`,
    brands?.join(', '),
    methods?.join(', '),
    reserve === undefined ? undefined : `reserve ${reserve}`,
  ].filter((fact) => fact !== undefined);
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : spell(value));

function spell(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one));
}
