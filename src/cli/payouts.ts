import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bus, openBus } from '#bus';
import { createSharedClock, type SharedClock } from '#clock';
import type { Config } from '#config';
import { type Database, pendingMigrations } from '#database';
import { messageOf } from '#errors';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { formatMoney } from '#money';
import {
  checkRequisites,
  createExporter,
  createStatusInbox,
  type Debtor,
  type Exported,
  importStatuses,
  type LeftOut,
  type StatusInbox,
} from '#payouts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { reconcilePayouts } from './reconcile-payouts.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

const REPORT_BYTES_MAX = 128 * 1024 * 1024;

/** What the subcommands work with. */
export interface PayoutTools {
  readonly config: Config;
  readonly database: Database;
  readonly clock: SharedClock;
  readonly inbox: StatusInbox;
}

export const payouts: Command = {
  usage:
    'payouts export [--folder <path>] [--again <MsgId>] | payouts import <file> | payouts reconcile (--list <file> | --url <URL>) [--since <day>] [--silent-hours <number>] [--apply] [--json]',
  help: `export writes files of orders for the bank (ISO 20022 pain.001.001.09) of all payouts that are ready, where
PAYOUT_ERP_GATE=iso20022. A payout is in one file, once. What is left out is told with its reason.

import reads the bank's answer (pain.002) to such a file.

reconcile compares our payouts, the ledger and the list of whoever pays: comma-separated values with erp_id, amount_minor
(or amount), currency and state (or status), or the book of the ERP over HTTP. Differences are told; the exit is then 5.

--folder        where files are written; bank under KOPEK_DATA_DIR unless told
--again         writes a file that was written before once more: the same bytes
--list, --url   their list
--since         payouts since that day (2026-11-01): what is older stands in no list any more
--silent-hours  from when on nobody having said a word is a difference; 24 unless told
--apply         takes words that were lost on the way from the list
--json          {"differences":[…],"payouts":…} when it is done`,
  options: {
    folder: { type: 'string' },
    again: { type: 'string' },
    list: { type: 'string' },
    url: { type: 'string' },
    since: { type: 'string' },
    'silent-hours': { type: 'string' },
    apply: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  words: { least: 1, most: 2 },
  async run(call) {
    const [what, file] = call.positionals;
    const run =
      what === 'export' ? exportPayouts : what === 'reconcile' ? reconcilePayouts : undefined;
    if (what === 'import' && file !== undefined)
      return withTools(call, (tools) => importReport(call, tools, file));
    if (!run || file !== undefined)
      throw new Refusal(EXIT.usage, 'Say: kopek payouts export, import <file>, or reconcile.');
    return withTools(call, (tools) => run(call, tools));
  },
};

async function withTools(call: Call, work: (tools: PayoutTools) => Promise<number>) {
  const config = mustReadConfig(call);
  const database = await openRunningDatabase(config, 'payouts');
  let clock: SharedClock | undefined;
  let bus: Bus | undefined;
  try {
    await mustBeMigrated(call, database);
    clock = await createSharedClock(database);
    const log = silentLog();
    bus = await openBus({
      ...{ database, clock, log, metrics: createMetrics(), relays: false },
      ...{ url: config.busUrl, routes: config.busRoutes, source: 'kopek/payouts' },
    });
    return await work({ config, database, clock, inbox: createStatusInbox({ bus, clock, log }) });
  } finally {
    await bus?.close();
    clock?.close();
    await database.close();
  }
}

async function mustBeMigrated({ root }: Call, database: Database): Promise<void> {
  const pending = await pendingMigrations(database, join(root, 'db/migrations'));
  if (pending.length === 0) return;
  throw new Refusal(EXIT.usage, 'The database is older than this code.', {
    advice: ['Bring it up to date:  kopek migrate'],
  });
}

async function exportPayouts(call: Call, { clock, config, database }: PayoutTools) {
  const { terminal, values } = call;
  const exporter = createExporter({
    ...{ database, clock, debtors: debtorsOf(config) },
    // The number is of a process that runs for a moment: ids of files are unique by the table, too.
    ids: createIdSource(process.pid),
    folder: typeof values.folder === 'string' ? values.folder : join(config.dataDir, 'bank'),
  });
  const tell = (file: Exported) => terminal.out(fileLine(file));
  if (typeof values.again === 'string') {
    tell(await exporter.exportAgain(values.again));
    return EXIT.done;
  }
  let files = 0;
  const { leftOut } = await exporter.exportReady((file) => {
    files += 1;
    tell(file);
  });
  if (files === 0) terminal.out('Nothing is ready for a file.');
  for (const one of leftOut) terminal.err(leftOutLine(one));
  return EXIT.done;
}

function debtorsOf({ payoutDebtorName: name, payoutDebtors }: Config): readonly Debtor[] {
  if (payoutDebtors.length > 0 && name.trim() === '')
    throw new Refusal(EXIT.usage, 'PAYOUT_DEBTOR_NAME is empty: a file says who pays.');
  return payoutDebtors.map(({ account, bank, currency }) => {
    try {
      return { currency, ...checkRequisites({ name, account, bank }) };
    } catch (error) {
      throw new Refusal(EXIT.usage, `PAYOUT_DEBTORS, ${currency}: ${messageOf(error)}`);
    }
  });
}

function fileLine({ count, messageId, path, sha256, sums }: Exported): string {
  const sum = sums.map(formatMoney).join(', ');
  const payments = count === 1 ? 'one payment' : `${count} payments`;
  return `${messageId}: ${payments}, ${sum}\n  ${path}\n  sha256 ${sha256}`;
}

const REASONS: Readonly<Record<LeftOut['reason'], string>> = {
  no_requisites: 'have no requisites: PUT /v1/payout-clients/{client_id}/requisites',
  no_debtor: 'are in a currency that PAYOUT_DEBTORS has no account of',
  held: 'are of clients that are held',
  not_to_be_sent: 'are not to be sent any more, or contradict themselves',
};

function leftOutLine({ clientId, count, currency, reason }: LeftOut): string {
  return `${count} in ${currency} ${REASONS[reason]} (${clientId}, for one)`;
}

async function importReport({ terminal }: Call, { database, inbox }: PayoutTools, path: string) {
  const bytes = await readReport(path);
  const imported = await importStatuses(bytes, { database, receive: inbox.receive });
  const { added, duplicate, messageId, originalId, told } = imported;
  terminal.out(`${messageId} answers ${originalId}: ${told} statuses, ${added} of them new.`);
  if (!duplicate) return EXIT.done;
  terminal.err(
    'The bank had that file before and refuses the second: what it said of the first holds.',
  );
  return EXIT.done;
}

async function readReport(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > REPORT_BYTES_MAX) throw new Error(`it has ${size} bytes`);
    return await readFile(path);
  } catch (error) {
    throw new Refusal(EXIT.notFound, `${path} can not be read: ${messageOf(error)}`);
  }
}
