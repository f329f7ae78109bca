import { AppError } from '#errors';
import { formatMoney } from '#money';
import { type PaymentHistory, readPaymentHistory } from '#payments';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

export const payment: Command = {
  usage: 'payment <pay_…> [--json]',
  help: `Shows one payment with everything that is known of it: its attempts, what its gateway calls its operations and what
each of them is taken for, what its gateway has told and what came of that, what was asked of a reservation, refunds, and who
has settled it by hand.

--json  the same as one object`,
  options: { json: { type: 'boolean' } },
  words: { least: 1, most: 1 },
  async run(call) {
    const [name = ''] = call.positionals;
    const database = await openRunningDatabase(mustReadConfig(call), 'payment');
    try {
      const history = await readPaymentHistory(database.pool, name);
      if (call.values.json) call.terminal.out(JSON.stringify(history, plain));
      else tell(call, history);
      return EXIT.done;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new Refusal(error.kind === 'not_found' ? EXIT.notFound : EXIT.usage, error.message);
    } finally {
      await database.close();
    }
  },
};

/** Amounts and ids as digits: some are larger than a number of JSON holds. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function tell({ terminal }: Call, history: PaymentHistory): void {
  const { report } = history;
  const why = report.reason === undefined ? '' : ` (${report.reason})`;
  terminal.out(`${report.payment}  ${report.kind}  ${moneyOf(report)}  ${report.state}${why}`);
  terminal.out(`  for ${report.reference}, through ${report.gateway}, ${whenOf(report.createdAt)}`);
  section(
    'attempts',
    history.attempts.map(({ ended_at, number, outcome, reason }) =>
      line(ended_at, `${number}`, outcome, reason),
    ),
  );
  section(
    'operations of the gateway',
    history.transactions.map((one) =>
      line(one.at, one.transaction, one.kind, one.role, moneyOf(toMoney(one)), one.reason),
    ),
  );
  section(
    'told by the gateway',
    history.notifications.map((one) =>
      line(one.received_at, one.type, one.state, `${one.tries} tries`, one.result),
    ),
  );
  section(
    'asked of the reservation',
    history.operations.map((one) =>
      line(one.created_at, one.kind, one.state, moneyOf(toMoney(one)), one.refusal),
    ),
  );
  section(
    'refunds',
    report.refunds.map((one) =>
      line(one.createdAt, one.payment, moneyOf(one), one.state, one.reason),
    ),
  );
  section(
    'settled by hand',
    history.settledByHand.map((one) => line(one.at, one.outcome, one.actor, one.reason)),
  );

  function section(title: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    terminal.out(`  ${title}`);
    for (const text of lines) terminal.out(`    ${text}`);
  }
}

function line(at: Date, ...words: readonly (string | null | undefined)[]): string {
  return [whenOf(at), ...words.filter((word) => word)].join('  ');
}

const whenOf = (at: Date) =>
  at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');

const moneyOf = (of: { readonly amountMinor: bigint; readonly currency: string }) =>
  formatMoney({ amountMinor: of.amountMinor, currency: of.currency });

function toMoney(row: { readonly amount_minor: bigint; readonly currency: string }) {
  return { amountMinor: row.amount_minor, currency: row.currency };
}
