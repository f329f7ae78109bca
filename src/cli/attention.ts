import { createSystemClock } from '#clock';
import { formatMoney } from '#money';
import { type AttentionItem, createPaymentAttention } from '#payments';
import { attentionToApi, listAttention } from '#staff';
import { subscriptionAttention } from '#subscriptions';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { spell } from './price-list.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';
import type { Terminal } from './terminal.ts';

const SHOWN_MOST = 1000;
const KIND_COLUMNS = 18;

export const attention: Command = {
  usage: 'attention [--kind <kind>] [--json]',
  help: `What waits for people, the oldest first: each with since when, how much money, and by which route of the API something
is done about it. At most ${SHOWN_MOST}. The exit is 0, whatever waits.

--kind  only of this kind
--json  one JSON document`,
  options: { kind: { type: 'string' }, json: { type: 'boolean' } },
  words: { least: 0, most: 0 },
  async run(call) {
    const { terminal, values } = call;
    const sources = [createPaymentAttention({ clock: createSystemClock() }), subscriptionAttention];
    const kinds = sources.flatMap((source) => source.kinds);
    const kind = typeof values.kind === 'string' ? values.kind : null;
    if (kind !== null && !kinds.includes(kind))
      throw new Refusal(EXIT.usage, `There is no kind ${kind}.`, { advice: [kinds.join(', ')] });
    const config = mustReadConfig(call);
    const database = await openRunningDatabase(config, 'attention');
    try {
      const page = { after: null, kind, limit: SHOWN_MOST + 1 };
      const items = await listAttention(sources, database.pool, page);
      if (values.json) terminal.out(spell(items.slice(0, SHOWN_MOST).map(attentionToApi)));
      else tell(terminal, items);
      return EXIT.done;
    } finally {
      await database.close();
    }
  },
};

function tell(terminal: Terminal, items: readonly AttentionItem[]): void {
  if (items.length === 0) terminal.out(`${terminal.paint('good', '✓')} Nothing waits for anybody.`);
  for (const one of items.slice(0, SHOWN_MOST)) {
    const { amountMinor, currency = '', kind, message, since, subject } = one;
    const money = amountMinor === undefined ? '' : `  ${formatMoney({ amountMinor, currency })}`;
    const head = `${since.toISOString().slice(0, 16)}Z  ${kind.padEnd(KIND_COLUMNS)} ${subject}`;
    terminal.out(`${terminal.paint('warning', '!')} ${head}${money}`);
    terminal.out(`    ${message.replaceAll(/[\s\p{Cc}]+/gu, ' ')}`);
    for (const { method, url } of attentionToApi(one).actions) terminal.out(`    ${method} ${url}`);
  }
  if (items.length > SHOWN_MOST) terminal.out('… and more.');
}
