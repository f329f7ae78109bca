import { userInfo } from 'node:os';
import { formatMoney } from '#money';
import {
  type Difference,
  differenceKinds,
  paymentId,
  type ReconciliationReport,
  readGatewayList,
} from '#payments';
import { type CardTools, withCards } from './card-tools.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { listenForStop } from './stop-signal.ts';
import type { Terminal } from './terminal.ts';

const DAY_MS = 86_400_000;
/** At both ends of a day: what is at its edge is in it for certain. */
const EDGE_MS = 600_000;
const SHOWN_MOST = 200;
const KIND_COLUMNS = 22;
const SUBJECT_COLUMNS = 24;
/** Without a person the progress is a line now and then. */
const LINE_EVERY = 10_000;

export const reconcile: Command = {
  usage: 'reconcile <gateway> [--day <day>] [--file <list.csv>] [--json]',
  help: `Compares what a card gateway lists of a day with our book, as is done by itself every night. News that was lost is taken from
the list and applied; what differs is told, kept, and shown by GET /v1/gateways/<name>/differences. The exit is then 5.

--day   2026-11-01, of UTC; yesterday unless told
--file  what the gateway has listed elsewhere, as comma-separated values with transaction, amount_minor (or amount), currency
        and at, and where they are known payment (our pay_…), kind (payment, refund), state (accepted, authorized, declined, voided,
        pending), of_transaction, fee_minor. Without it the gateway is asked
--json  {"gateway":…,"listed":…,"applied":…,"differences":[…]} when it is done`,
  options: {
    day: { type: 'string' },
    file: { type: 'string' },
    json: { type: 'boolean' },
  },
  words: { least: 1, most: 1 },
  async run(call) {
    const { file } = call.values;
    const list = typeof file === 'string' ? await readGatewayList(file) : undefined;
    const stop = listenForStop(() => process.exit(EXIT.temporary));
    try {
      return await withCards(call, 'reconcile', (tools) =>
        compareDay(call, tools, { list, signal: stop.signal }),
      );
    } finally {
      stop.close();
    }
  },
};

async function compareDay(
  { positionals, terminal, values }: Call,
  tools: CardTools,
  {
    list,
    signal,
  }: {
    readonly list: Awaited<ReturnType<typeof readGatewayList>> | undefined;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const [gateway = ''] = positionals;
  mustList(tools, { gateway, hasFile: list !== undefined });
  const report = await tools.reconciler.reconcile(gateway, spanOf(values.day, tools.clock.now()), {
    ...{ actor: `${userInfo().username} (kopek reconcile)`, signal },
    ...(list ? { list } : {}),
    ...(values.json ? {} : { progress: showProgress(terminal) }),
  });
  if (values.json) terminal.out(JSON.stringify(toJson(report)));
  else tell(terminal, report);
  return report.differences.length === 0 ? EXIT.done : EXIT.booksDisagree;
}

/** A person meant a gateway that can be compared: he is told where that is not so. */
function mustList(
  { cardGateways }: CardTools,
  { gateway: name, hasFile }: { readonly gateway: string; readonly hasFile: boolean },
): void {
  const gateway = cardGateways.gateway(name);
  if (!gateway) {
    const advice = [`There are: ${cardGateways.names().join(', ') || 'none yet'}`];
    throw new Refusal(EXIT.notFound, `There is no card gateway ${name}.`, { advice });
  }
  if (hasFile || gateway.list) return;
  throw new Refusal(EXIT.usage, `${name} has no list that could be asked for.`, {
    advice: ['Give what it lists elsewhere with --file.'],
  });
}

function spanOf(day: unknown, now: Date) {
  const text = day ?? new Date(now.getTime() - DAY_MS).toISOString().slice(0, 10);
  const begin = new Date(`${text}T00:00:00Z`);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(String(text)) && !Number.isNaN(begin.getTime());
  if (!isDay) throw new Refusal(EXIT.usage, '--day is a day, such as 2026-11-01.');
  if (begin > now) throw new Refusal(EXIT.usage, `${text} has not begun yet.`);
  const end = Math.min(begin.getTime() + DAY_MS + EDGE_MS, now.getTime());
  return { from: new Date(begin.getTime() - EDGE_MS), to: new Date(end) };
}

function showProgress(terminal: Terminal): (listed: number) => void {
  let told = 0;
  return (listed) => {
    if (terminal.isTty) terminal.rewrite(`  ${listed} listed`);
    else if (listed >= told + LINE_EVERY) {
      told = listed;
      terminal.err(`${listed} listed`);
    }
  };
}

function tell(terminal: Terminal, report: ReconciliationReport): void {
  const { applied, differences, gateway, listed } = report;
  if (terminal.isTty) terminal.rewrite('');
  const byKind = Map.groupBy(differences, ({ kind }) => kind);
  for (const kind of differenceKinds) {
    const some = byKind.get(kind) ?? [];
    if (some.length === 0) continue;
    terminal.out(terminal.paint('strong', `${kind.padEnd(KIND_COLUMNS)} ${some.length}`));
    for (const one of some.slice(0, SHOWN_MOST)) terminal.out(lineOf(terminal, one));
    if (some.length > SHOWN_MOST) terminal.out(`  … and ${some.length - SHOWN_MOST} more`);
  }
  if (applied > 0)
    terminal.out(`${applied} pieces of news that were lost have been taken from the list.`);
  const read = `${listed} in the list of ${gateway}`;
  terminal.out(
    differences.length === 0
      ? `${terminal.paint('good', '✓')} ${read}: the books agree.`
      : `${read}: ${differences.length} differences.`,
  );
}

function lineOf(terminal: Terminal, one: Difference): string {
  const { at, currency = '', message, oursMinor, subject, theirsMinor } = one;
  const money = (amountMinor: bigint | undefined) =>
    amountMinor === undefined ? '–' : formatMoney({ amountMinor, currency });
  return [
    `  ${terminal.paint('bad', '✗')} ${oneLine(subject).padEnd(SUBJECT_COLUMNS)}`,
    `${paymentOf(one) ?? ''} ours ${money(oursMinor)}, theirs ${money(theirsMinor)},`,
    `${at.toISOString().slice(0, 16)}Z  ${oneLine(message)}`,
  ].join(' ');
}

const paymentOf = ({ payment }: Difference) => payment && paymentId(payment.customerId, payment.id);

function toJson({ differences, from, to, ...report }: ReconciliationReport) {
  return {
    ...{ ...report, from, to },
    differences: differences.map((one) => ({
      ...{ kind: one.kind, subject: one.subject, payment: paymentOf(one), message: one.message },
      ...{ transaction: one.transaction, currency: one.currency, at: one.at },
      ours_minor: one.oursMinor === undefined ? undefined : Number(one.oursMinor),
      theirs_minor: one.theirsMinor === undefined ? undefined : Number(one.theirsMinor),
    })),
  };
}

/** Whoever wrote the list may have written anything. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}
