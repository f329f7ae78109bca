import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import {
  applyLost,
  type Difference,
  fetchList,
  readListFile,
  runReconciliation,
  theirPayouts,
} from '#payouts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import type { PayoutTools } from './payouts.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

const HOUR_MS = 3_600_000;
const SILENT_HOURS = 24;
/** Without a person the progress is a line now and then. */
const LINE_PERCENT = 25;

/** `kopek payouts reconcile`. */
export async function reconcilePayouts(call: Call, tools: PayoutTools): Promise<number> {
  const { terminal, values } = call;
  const { clock, config, database } = tools;
  const since = readDay(values.since);
  const theirs = theirPayouts(await readTheirs(call));
  const types = await readAccountTypes(config.accountTypes || STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ database, clock, log: silentLog(), types });
  const result = await runReconciliation(theirs, {
    ...{ database, clock, ledger, silentAfterMs: readHours(values['silent-hours']) * HOUR_MS },
    ...(since === undefined ? {} : { since }),
    ...(values.json ? {} : { progress: showProgress(terminal) }),
  });
  const { differences, listed, payouts } = result;
  const applied = values.apply
    ? await applyLost(differences, theirs, { database, receive: tools.inbox.receive })
    : 0;
  if (values.json) terminal.out(JSON.stringify({ differences, payouts, listed, applied }));
  else tell(call, { ...result, applied });
  return differences.length === 0 ? EXIT.done : EXIT.booksDisagree;
}

function readTheirs({ values }: Call) {
  const { list, url } = values;
  if (typeof list === 'string' && url === undefined) return readListFile(list);
  if (typeof url === 'string' && list === undefined && URL.canParse(url)) return fetchList(url);
  throw new Refusal(EXIT.usage, 'Say where their list is: --list <file>, or --url <URL>.');
}

function readDay(text: unknown): Date | undefined {
  if (text === undefined) return undefined;
  const day = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d\d-\d\d$/.test(String(text)) && !Number.isNaN(day.getTime())) return day;
  throw new Refusal(EXIT.usage, '--since is a day, such as 2026-11-01.');
}

function readHours(text: unknown): number {
  if (text === undefined) return SILENT_HOURS;
  const hours = Number(text);
  if (Number.isFinite(hours) && hours > 0) return hours;
  throw new Refusal(EXIT.usage, '--silent-hours is a number above 0.');
}

function showProgress(terminal: Terminal): (done: number, of: number) => void {
  let told = 0;
  return (done, of) => {
    const percent = of === 0 ? 100 : Math.floor((done / of) * 100);
    if (terminal.isTty) terminal.rewrite(`  ${percent} % of ${of} payouts`);
    else if (percent >= told + LINE_PERCENT) {
      told = percent;
      terminal.err(`${percent} % of ${of} payouts`);
    }
  };
}

function tell(
  { terminal }: Call,
  result: {
    readonly differences: readonly Difference[];
    readonly payouts: number;
    readonly listed: number;
    readonly applied: number;
  },
): void {
  const { applied, differences, listed, payouts } = result;
  if (terminal.isTty) terminal.rewrite('');
  for (const { erpId, kind, message, payout } of differences) {
    const whose = [payout, erpId].filter((id) => id !== '').join(' ');
    terminal.out(`${terminal.paint('bad', '✗')} ${kind.padEnd(15)} ${whose}  ${oneLine(message)}`);
  }
  if (applied > 0)
    terminal.out(`${applied} words that were lost have been taken from the list: look again.`);
  const read = `${payouts} payouts, ${listed} in the list`;
  terminal.out(
    differences.length === 0
      ? `${terminal.paint('good', '✓')} ${read}: the books agree.`
      : `${read}: ${differences.length} differences.`,
  );
}

/** Whoever wrote the list may have written anything. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}
