import { type RawBuilder, sql } from 'kysely';
import type pg from 'pg';
import { toParameter } from './parameter.ts';
import { type Answer, type Passenger, type Statement, sendTrain } from './train.ts';

/** For a statement that is no template: it begins with this. */
export const PREPARED = '/* prepared */ ';
const DEFERRED = '/* deferred */ ';
const DEFERRED_ANEW = '/* deferred anew */ ';
const MARK = sql.raw(PREPARED);
const DEFERRED_MARK = sql.raw(DEFERRED);
const DEFERRED_ANEW_MARK = sql.raw(DEFERRED_ANEW);
const MARKED = /^\/\* (?:prepared|deferred) \*\/ /;

/**
 * Like `sql`, for a statement that each connection plans once and keeps: a small one takes a third less time. Only
 * where the best plan is the same however large the tables are and however many values are given (inserts, calls of
 * functions, look-ups by a unique key): a kept plan knows neither.
 */
export function prepared<Row>(text: TemplateStringsArray, ...values: unknown[]): RawBuilder<Row> {
  return sql<Row>`${MARK}${sql<Row>(text, ...values)}`;
}

/**
 * Like `prepared`, for a write whose answer nobody waits for: in a transaction it goes to the server together with the
 * next statement, at the latest with the commit, and saves a trip. What it throws is thrown there. The rows that it
 * answers are in the array of its result when the transaction has committed. Outside of transactions it is `prepared`.
 */
export function deferred<Row>(text: TemplateStringsArray, ...values: unknown[]): RawBuilder<Row> {
  return sql<Row>`${DEFERRED_MARK}${sql<Row>(text, ...values)}`;
}

/**
 * Like `deferred`, for a statement that is planned anew each time: one that joins a set with a table, whose best plan depends on how
 * large both are.
 */
export function deferredAnew<Row>(
  text: TemplateStringsArray,
  ...values: unknown[]
): RawBuilder<Row> {
  return sql<Row>`${DEFERRED_ANEW_MARK}${sql<Row>(text, ...values)}`;
}

const names = new Map<string, string>();
/** Beyond it something writes values into its text: that goes unprepared, rather than fill the server's memory. */
const NAMES_MAX = 500;

/** More than a server would like to read before it answers the first. */
const DEFERRED_MOST = 32;

type Send = (text: unknown, values?: unknown, ...rest: unknown[]) => unknown;

/**
 * Lets `client` send what is marked as a named statement, and what is deferred with what follows it. A `begin` is
 * deferred as well: a transaction that asks the server nothing never begins there.
 */
export function sendPrepared(client: pg.ClientBase): void {
  const query = client.query.bind(client) as Send;
  let waiting: Passenger[] = [];
  let isOpen = false;
  /** Of a train behind which something waits that can't be a part of it. */
  let ahead: Promise<unknown> | undefined;

  const takeWaiting = () => {
    const taken = waiting;
    waiting = [];
    return taken;
  };

  function defer(statement: Statement, command: string): Promise<Answer> {
    const passenger = { statement, rows: [] };
    waiting.push(passenger);
    return Promise.resolve({ command, rowCount: null, rows: passenger.rows });
  }

  async function sendAfter(passengers: readonly Passenger[], next: () => unknown) {
    const sent = sendTrain(client, passengers);
    ahead = sent;
    await sent.finally(() => (ahead = undefined));
    return next();
  }

  function end(text: 'commit' | 'rollback'): unknown {
    isOpen = false;
    const passengers = takeWaiting();
    const nothing = Promise.resolve({ command: text.toUpperCase(), rowCount: null, rows: [] });
    const isBegun = passengers[0]?.statement !== BEGIN;
    if (text === 'rollback') return isBegun ? query(text) : nothing;
    if (isBegun && passengers.length === 0) return query(text);
    return !isBegun && passengers.length === 1 ? nothing : sendTrain(client, passengers, COMMIT);
  }

  const send: Send = (text, given, ...rest) => {
    if (ahead) return ahead.then(() => send(text, given, ...rest));
    const values = Array.isArray(given) ? given.map(toParameter) : given;
    if (text === BEGIN.text) {
      isOpen = true;
      return defer(BEGIN, 'BEGIN');
    }
    if (text === 'commit' || text === 'rollback') return end(text);
    const statement = statementOf(text, values, rest);
    if (statement && isOpen && isDeferred(statement) && waiting.length < DEFERRED_MOST)
      return defer(statement, '');
    if (waiting.length === 0)
      return statement?.name ? query(statement) : query(text, values, ...rest);
    return statement
      ? sendTrain(client, takeWaiting(), statement)
      : sendAfter(takeWaiting(), () => query(text, values, ...rest));
  };

  Object.assign(client, { query: send });
}

const BEGIN: Statement = { name: 'kopek_begin', text: 'begin' };
const COMMIT: Statement = { name: 'kopek_commit', text: 'commit' };

const isDeferred = ({ text }: Statement) =>
  text.startsWith(DEFERRED) || text.startsWith(DEFERRED_ANEW);

/** What is surely one statement: only a text with values, or one that is marked. */
function statementOf(text: unknown, values: unknown, rest: unknown[]): Statement | undefined {
  if (typeof text !== 'string' || rest.length > 0) return undefined;
  const name = MARKED.test(text) ? nameOf(text) : undefined;
  const given = Array.isArray(values) ? (values as readonly unknown[]) : [];
  return name !== undefined || given.length > 0 ? { name, text, values: given } : undefined;
}

function nameOf(text: string): string | undefined {
  let name = names.get(text);
  if (!name && names.size < NAMES_MAX) {
    name = `kopek_${names.size + 1}`;
    names.set(text, name);
  }
  return name;
}
