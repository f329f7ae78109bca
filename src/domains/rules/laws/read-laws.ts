import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { parseRuleSet, type RuleSet } from '#rules/decision';
import {
  type CalendarYear,
  type NumberTable,
  parseCalendarYear,
  parseNumberTable,
} from '#rules/local-time';

/** What comes with Kopek: laws, working calendars, and where numbers are used. */
export interface Laws {
  readonly sets: readonly RuleSet[];
  readonly calendars: readonly CalendarYear[];
  readonly numbers: readonly NumberTable[];
}

/** The folder of the laws that come with Kopek. */
export const STANDARD_LAWS = join(import.meta.dirname, '..', '..', '..', '..', 'config', 'rules');

/** Reads `laws/*.yaml`, `calendars/*.yaml` and `numbers/*.yaml` of a folder. Throws what the parsers throw. */
export async function readLaws(folder: string = STANDARD_LAWS): Promise<Laws> {
  return {
    sets: await readAll(join(folder, 'laws'), parseRuleSet),
    calendars: await readAll(join(folder, 'calendars'), parseCalendarYear),
    numbers: await readAll(join(folder, 'numbers'), parseNumberTable),
  };
}

async function readAll<Read>(
  folder: string,
  parse: (document: unknown) => Read,
): Promise<readonly Read[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (name) => parse(load(await readFile(join(folder, name), 'utf8')))),
  );
}
