import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { createSharedClock } from '#clock';
import { messageOf } from '#errors';
import {
  createLedger,
  parseStatement,
  readAccountTypes,
  type SettlementResult,
  STANDARD_ACCOUNT_TYPES,
} from '#ledger';
import { silentLog } from '#log';
import { formatMoney } from '#money';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

const BYTES_MAX = 200_000_000;
const SHOWN_MAX = 20;

const WHY: Readonly<Record<string, string>> = {
  unknown: 'no charge of that id stands in the ledger',
  amount_differs: 'the charge has another amount',
  repeated: 'the charge was settled by a line before',
};

export const settlement: Command = {
  usage: 'settlement import <gateway> <file.csv> --currency <code> [--name <statement>]',
  help: `Imports what a gateway has paid over: closes what it owes, charge by charge, and makes the cash payment facts that
payouts are covered by. Each line is posted once; what matches no charge is told and kept, and posts nothing. A run that
was cut off is gone on with by the same command.

The file has a head and a line for each charge, amounts in minor units:
transaction_id,gross_minor,fee_minor,operator_share_minor

--currency  of its amounts, such as PKR
--name      by which the statement is known; its file's name unless told`,
  options: { currency: { type: 'string' }, name: { type: 'string' } },
  words: { least: 3, most: 3 },
  async run(call) {
    const [what, gateway = '', file = ''] = call.positionals;
    if (what !== 'import')
      throw new Refusal(EXIT.usage, 'Say: kopek settlement import <gateway> <file.csv>.');
    const { currency } = call.values;
    if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
      throw new Refusal(EXIT.usage, '--currency is needed: three letters, such as PKR.');
    const name =
      typeof call.values.name === 'string' ? call.values.name : basename(file, extname(file));
    const bytes = await read(file);
    const lines = parseStatement(bytes.toString('utf8'));
    const config = mustReadConfig(call);
    const database = await openRunningDatabase(config, 'settlement');
    const clock = await createSharedClock(database);
    try {
      const types = await readAccountTypes(config.accountTypes || STANDARD_ACCOUNT_TYPES);
      const ledger = await createLedger({ database, clock, log: silentLog(), types });
      const statement = {
        gateway,
        statement: name,
        currency,
        lines,
        hash: hash('sha256', bytes, 'hex'),
      };
      const result = await ledger.importSettlement(statement, (done) => {
        if (done < lines.length) call.terminal.out(`${done} of ${lines.length} lines`);
      });
      return tell(call, result, { currency, lines: lines.length });
    } finally {
      clock.close();
      await database.close();
    }
  },
};

async function read(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new Refusal(EXIT.notFound, `${file} can not be read: ${messageOf(error)}`);
  });
  if (bytes.length > BYTES_MAX)
    throw new Refusal(EXIT.usage, `${file} is over ${BYTES_MAX} bytes: part it.`);
  return bytes;
}

function tell(
  { terminal }: Call,
  result: SettlementResult,
  of: { readonly currency: string; readonly lines: number },
): number {
  const { grossMinor, left, leftInAll, posted } = result;
  const gross = formatMoney({ amountMinor: grossMinor, currency: of.currency });
  terminal.out(`${posted} of ${of.lines} lines posted, ${gross} gross.`);
  if (leftInAll === 0) return EXIT.done;
  terminal.out(`${leftInAll} not posted:`);
  for (const { line, transactionId, why } of left.slice(0, SHOWN_MAX))
    terminal.out(`  line ${line}  ${transactionId}  ${WHY[why] ?? why}`);
  if (leftInAll > SHOWN_MAX) terminal.out(`  … and ${leftInAll - SHOWN_MAX} more`);
  return EXIT.booksDisagree;
}
