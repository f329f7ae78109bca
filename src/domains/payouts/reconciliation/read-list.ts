import { open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { messageOf } from '#errors';
import { fail } from './errors.ts';
import type { ListLine } from './their-payout.ts';

const BYTES_MAX = 512 * 1024 * 1024;
const PAGES_MAX = 10_000;
const TIMEOUT_MS = 60_000;

/** Reads a list as comma-separated values; the first line names the columns. Throws `list_malformed`. */
export async function readListFile(path: string): Promise<readonly ListLine[]> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fail('list_malformed', `The list can not be read: ${messageOf(error)}.`);
  });
  try {
    const { size } = await file.stat();
    if (size > BYTES_MAX)
      throw fail(
        'list_malformed',
        `The list has ${size} bytes, and at most ${BYTES_MAX} are read.`,
      );
    return parseList(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** RFC 4180; commas, semicolons or tabs, whichever the first line has most of. */
export function parseList(text: string): readonly ListLine[] {
  const [head = ''] = text.split(/\r?\n/, 1);
  const counts = [',', ';', '\t'].map((mark) => [head.split(mark).length, mark] as const);
  const [, delimiter] = counts.toSorted(([one], [other]) => other - one)[0] ?? [0, ','];
  let columns: readonly string[] = [];
  const rows = readRows(
    text,
    (names) => {
      columns = names.map((name) => name.trim().toLowerCase());
      return [...columns];
    },
    delimiter,
  );
  if (!columns.includes('erp_id'))
    throw fail('list_malformed', `The list has no column erp_id: ${columns.join(', ')}.`);
  return rows;
}

function readRows(
  text: string,
  columns: (names: readonly string[]) => string[],
  delimiter: string,
): readonly ListLine[] {
  try {
    const options = { columns, delimiter, bom: true, trim: true, skip_empty_lines: true };
    return parse(text, options) as unknown as readonly ListLine[];
  } catch (error) {
    throw fail('list_malformed', `The list can not be read: ${messageOf(error)}.`);
  }
}

/** The ERP's own book over HTTP, page by page. Throws `list_unavailable`, and `list_malformed` for another answer. */
export async function fetchList(url: string): Promise<readonly ListLine[]> {
  const lines: ListLine[] = [];
  let since: number | string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const from = new URL(url);
    if (since !== null) from.searchParams.set('since', String(since));
    const body = await fetchPage(from);
    lines.push(...body.payouts.map(toLine));
    since = body.next_since ?? null;
    if (since === null) return lines;
  }
  throw fail('list_malformed', `${url} does not end after ${PAGES_MAX} pages.`);
}

interface Page {
  readonly payouts: readonly Readonly<Record<string, unknown>>[];
  readonly next_since?: number | string | null;
}

async function fetchPage(url: URL): Promise<Page> {
  let body: unknown;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    body = await answer.json();
  } catch (cause) {
    throw fail('list_unavailable', `The list at ${url} can not be read: ${messageOf(cause)}.`, {
      cause,
    });
  }
  if (typeof body === 'object' && body !== null && 'payouts' in body && Array.isArray(body.payouts))
    return body as Page;
  throw fail('list_malformed', `${url} answers no list of payouts.`);
}

function toLine(payout: Readonly<Record<string, unknown>>): ListLine {
  return Object.fromEntries(
    Object.entries(payout).map(([name, value]) => [name, String(value ?? '')]),
  );
}
