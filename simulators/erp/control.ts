import {
  type Fields,
  Problem,
  readChoice,
  readNumber,
  readShare,
  readText,
  refuseUnknown,
} from '#simulators/kit';
import type { Act, Payout } from './book.ts';
import type { Erp } from './erp.ts';
import { meanings, type Scenario, scenarioLimit, scenarioNames } from './scenarios.ts';
import { changeSettings } from './settings.ts';

const acts: readonly Act[] = ['accept', 'reject', 'pay', 'return'];
const timesMax = 1_000_000;
const pageMax = 100_000;

export function addScenario(erp: Erp, fields: Fields): Scenario {
  refuseUnknown(fields, ['name', 'client_id', 'times', 'probability']);
  const { client_id: clientId, probability, times } = fields;
  if (erp.board.size >= scenarioLimit)
    throw new Problem(400, `At most ${scenarioLimit} scenarios at a time`, 'name');
  const isGiven = (value: unknown) => value !== undefined && value !== '';
  const scenario: Scenario = {
    name: readChoice(fields.name, scenarioNames, 'name'),
    ...(isGiven(clientId)
      ? { clientId: readText(clientId, { field: 'client_id', maxLength: 200 }) }
      : {}),
    ...(isGiven(times)
      ? { times: readNumber(times, { field: 'times', min: 1, max: timesMax }) }
      : {}),
    ...(isGiven(probability) ? { probability: readShare(probability, 'probability') } : {}),
  };
  erp.board.add(scenario);
  return scenario;
}

export function listScenarios(erp: Erp) {
  const scenarios = erp.board
    .list()
    .map(({ clientId, ...rest }) =>
      clientId === undefined ? rest : { ...rest, client_id: clientId },
    );
  return { scenarios, names: meanings };
}

export function putSettings(erp: Erp, fields: Fields) {
  erp.change(changeSettings(erp.settings, fields));
  return erp.settings;
}

export async function actByHand(erp: Erp, erpId: string, fields: Fields) {
  refuseUnknown(fields, ['act', 'reason']);
  const act = readChoice(fields.act, acts, 'act');
  const reason =
    fields.reason === undefined || fields.reason === ''
      ? ''
      : readText(fields.reason, { field: 'reason', maxLength: 500 });
  return toApi(await erp.doByHand(erpId, act, reason));
}

/** The book in pages, oldest first; `next_since` is null on the last. */
export function showBook(erp: Erp, query: URLSearchParams) {
  const limit = readNumber(query.get('limit') ?? pageMax, { field: 'limit', min: 1, max: pageMax });
  const since = readNumber(query.get('since') ?? 0, { field: 'since', min: 0, max: 1e15 });
  const [clientId, state] = [query.get('client_id'), query.get('state')];
  const wanted = [...erp.book.payouts.values()].filter(
    (payout) =>
      payout.sequence > since &&
      (clientId === null || payout.order.clientId === clientId) &&
      (state === null || payout.state === state),
  );
  const page = wanted.slice(0, limit);
  return {
    payouts: page.map(toApi),
    total: wanted.length,
    next_since: wanted.length > page.length ? (page.at(-1)?.sequence ?? null) : null,
  };
}

/** What it comes to, by currency and by state. */
export function summarise(erp: Erp) {
  const sums: Record<string, Record<string, { count: number; amount_minor: number }>> = {};
  let repeated = 0;
  let disagreeing = 0;
  for (const { asked, disagreeing: other, order, state } of erp.book.payouts.values()) {
    const ofCurrency = sums[order.currency] ?? {};
    const sum = ofCurrency[state] ?? { count: 0, amount_minor: 0 };
    ofCurrency[state] = {
      count: sum.count + 1,
      amount_minor: sum.amount_minor + order.amountMinor,
    };
    sums[order.currency] = ofCurrency;
    repeated += asked - 1;
    disagreeing += other;
  }
  const { misread } = erp.book;
  return { payouts: erp.book.payouts.size, sums, repeated, disagreeing, misread };
}

const columns = [
  ...['erp_id', 'client_id', 'account', 'amount_minor', 'currency', 'state', 'reason', 'asked'],
  ...['disagreeing', 'paid_minor', 'returned_minor', 'last_status', 'asked_at', 'changed_at'],
] as const;

/** The list that is sent to be reconciled: one line for each payout, whatever was told of it before. */
export function toCsv(erp: Erp): string {
  const lines = [...erp.book.payouts.values()].map((payout) => {
    const row: Readonly<Record<string, unknown>> = toApi(payout);
    return columns.map((column) => cell(row[column])).join(',');
  });
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

function cell(value: unknown): string {
  const text = String(value ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toApi(payout: Payout) {
  const { asked, disagreeing, lastStatus, order, paidMinor, reason, returnedMinor, state } = payout;
  return {
    ...{ sequence: payout.sequence, erp_id: order.erpId, client_id: order.clientId },
    ...{ account: order.account, amount_minor: order.amountMinor, currency: order.currency },
    ...{ facts_minor: order.factsMinor, state, reason, asked, disagreeing },
    ...{ paid_minor: paidMinor, returned_minor: returnedMinor, last_status: lastStatus },
    ...{ asked_at: payout.askedAt, changed_at: payout.changedAt },
  };
}
