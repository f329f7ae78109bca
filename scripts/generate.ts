// `npm run generate [-- --check]`: writes every generated file, or only says which ones are stale.
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Database, migrate, openDatabase } from '#database';
import { silentLog } from '#log';
import { endTestServer, MIGRATIONS, startTestServer } from '#testing';
import { difference } from './generate/difference.ts';
import type { Generator } from './generate/generator.ts';
import { generators } from './generate/generators.ts';

const ROOT = join(import.meta.dirname, '..');

const HELP = `npm run generate [-- --check]

  --check    writes nothing; exits 1 and shows the difference if a file is stale
`;

if (process.argv.includes('--help')) console.log(HELP);
else process.exitCode = (await main(process.argv.includes('--check'))) ? 0 : 1;

/** True unless a check found a stale file. */
async function main(check: boolean): Promise<boolean> {
  const server = await startTestServer(await mkdtemp(join(tmpdir(), 'kopek-generate-')));
  try {
    const database = openDatabase({ url: server.url, log: silentLog(), name: 'kopek-generate' });
    try {
      await migrate(database, MIGRATIONS);
      const fresh: boolean[] = [];
      for (const generator of generators) fresh.push(await renew(generator, database, check));
      return !check || !fresh.includes(false);
    } finally {
      await database.close();
    }
  } finally {
    await endTestServer(server);
  }
}

/** Whether the file was up to date. */
async function renew(generator: Generator, database: Database, check: boolean): Promise<boolean> {
  const file = join(ROOT, generator.path);
  const before = await readFile(file, 'utf8').catch(() => '');
  const after = await generator.generate({ root: ROOT, database });
  if (before === after) return true;
  if (check) {
    console.log(`${generator.path} is stale: npm run generate`);
    for (const line of difference(before, after)) console.log(`  ${line}`);
  } else {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, after);
    console.log(`wrote ${generator.path}`);
  }
  return false;
}
