import { join } from 'node:path';
import type { Config } from '#config';
import { type Database, openDatabase, pendingMigrations, startEmbeddedServer } from '#database';
import { AppError } from '#errors';
import { parseAccountId, type Verification, type VerifyProgress, verifyLedger } from '#ledger';
import { silentLog } from '#log';
import { type PostingsVerified, verifyPostings } from '#payments';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { embeddedFolder } from './running-database.ts';
import { mustReadConfig } from './settings.ts';
import type { Terminal } from './terminal.ts';

const BAR_WIDTH = 30;
/** Without a person the progress is a line now and then. */
const LINE_PERCENT = 25;

export const ledger: Command = {
  usage: 'ledger verify [--account acc_…] [--json]',
  help: `verify reads the whole ledger again as it stands now: every balance from its entries, held amounts from open
holds, sums to zero of each transfer and of all accounts, entries against their transfers, and the sealed chain of the
journal; and that each accepted charge and refund has its transfer. What can not be is told in a sentence that names it, and the exit is then 5. Kopek may run meanwhile.

--account  one account only, with its entries and their transfers
--json     {"findings":[…],"accounts":…} when it is done`,
  options: { account: { type: 'string' }, json: { type: 'boolean' } },
  words: { least: 1, most: 1 },
  async run(call) {
    const [what] = call.positionals;
    if (what !== 'verify') throw new Refusal(EXIT.usage, 'Say: kopek ledger verify.');
    const account = readAccount(call.values.account);
    const { database, close } = await open(mustReadConfig(call));
    try {
      await mustBeMigrated(call, database);
      const progress = call.values.json ? undefined : showProgress(call.terminal);
      const verification = await verifyLedger(database, {
        ...(account === undefined ? {} : { account }),
        ...(progress ? { progress } : {}),
      });
      const postings = account === undefined ? await verifyPostings({ database }) : undefined;
      return tell(call, verification, postings);
    } finally {
      await close();
    }
  },
};

function readAccount(text: unknown): bigint | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return parseAccountId(text, '--account');
  } catch (error) {
    if (error instanceof AppError) throw new Refusal(EXIT.usage, error.message);
    throw error;
  }
}

/** While nothing runs the embedded database does not run either: it is started for it. */
async function open(config: Config) {
  const server = config.databaseUrl
    ? undefined
    : await startEmbeddedServer({ folder: embeddedFolder(config) });
  const url = server?.url ?? config.databaseUrl;
  const database = openDatabase({ url, log: silentLog(), name: 'kopek-ledger' });
  return {
    database,
    async close() {
      await database.close();
      await server?.stop();
    },
  };
}

async function mustBeMigrated({ root }: Call, database: Database): Promise<void> {
  const pending = await pendingMigrations(database, join(root, 'db/migrations'));
  if (pending.length === 0) return;
  throw new Refusal(EXIT.usage, 'The database is older than this code.', {
    advice: ['Bring it up to date:  kopek migrate'],
  });
}

/** A bar where a person looks; a line for each quarter elsewhere. */
function showProgress(terminal: Terminal): (progress: VerifyProgress) => void {
  let told = 0;
  return ({ done, part, total }) => {
    const share = total === 0 ? 1 : done / total;
    const percent = Math.floor(share * 100);
    if (terminal.isTty) {
      const full = Math.round(share * BAR_WIDTH);
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
      terminal.rewrite(`  ${bar} ${String(percent).padStart(3)} %  ${part}`);
    } else if (percent >= told + LINE_PERCENT) {
      told = percent;
      terminal.err(`${percent} %, ${part}`);
    }
  };
}

function tell(
  { terminal, values }: Call,
  verification: Verification,
  postings: PostingsVerified | undefined,
): number {
  const { accounts, blocks, entries } = verification;
  const findings = [...verification.findings, ...unposted(postings)];
  const untold =
    verification.untold + (postings ? postings.missingInAll - postings.missing.length : 0);
  const wrong = findings.length + untold;
  const exit = wrong === 0 ? EXIT.done : EXIT.booksDisagree;
  if (values.json) {
    const counts = {
      ...{ accounts: Number(accounts), entries: Number(entries), blocks: Number(blocks) },
      ...(postings ? { payments: postings.payments } : {}),
    };
    terminal.out(JSON.stringify({ findings, untold, ...counts }));
    return exit;
  }
  if (terminal.isTty) terminal.rewrite('');
  for (const { kind, text } of findings)
    terminal.out(`${terminal.paint('bad', '✗')} ${text}  ${kind}`);
  if (untold > 0) terminal.out(`and ${untold} more`);
  const ofPayments = postings ? `, ${postings.payments} accepted payments` : '';
  const read = `${accounts} accounts, ${entries} entries, ${blocks} blocks${ofPayments}`;
  terminal.out(
    wrong === 0
      ? `${terminal.paint('good', '✓')} ${read}: all of it adds up.`
      : `${read}: ${wrong} things do not add up.`,
  );
  return exit;
}

function unposted(postings: PostingsVerified | undefined) {
  return (postings?.missing ?? []).map((payment) => ({
    kind: 'payment_not_posted',
    text: `${payment} was accepted and has no transfer.`,
  }));
}
