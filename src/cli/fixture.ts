import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '#testing';
import { runCli } from './run-cli.ts';
import type { Terminal } from './terminal.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `kopek` in this process, in a folder of its own with these settings: what a start of a process takes is not waited for. */
export async function openCli(settings: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`);
  await writeFile(join(folder, '.env'), lines.join(''));
  process.chdir(folder);

  async function kopek(...args: readonly string[]): Promise<Ended> {
    const said = { out: '', err: '' };
    const terminal: Terminal = {
      out(line = '') {
        said.out += `${line}\n`;
      },
      err(line = '') {
        said.err += `${line}\n`;
      },
      rewrite: () => {},
      ...{ isTty: false, columns: Number.POSITIVE_INFINITY, paint: (_tone, text) => text },
    };
    const root = join(import.meta.dirname, '../..');
    const startApp = () => Promise.reject(new Error('nothing is started here'));
    const code = await runCli({ args, terminal, root, version: '0', startApp });
    return { code, ...said };
  }

  return { folder, kopek };
}
