import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '#config';
import type { Database } from '#database';
import { silentLog } from '#log';
import { freePort } from '#testing';

const root = join(import.meta.dirname, '../..');

/** The operator's simulator as a process of its own, as the operator is. */
export interface SimulatorProcess {
  readonly url: string;
  /** A figure of its /metrics, summed over labels. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startSimulatorProcess(): Promise<SimulatorProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'kopek-bench-operator-'));
  const child = spawn(
    process.execPath,
    [join(root, 'simulators/operator/main.ts'), '--port', '0', '--folder', folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.stdout.on('data', (chunk) => {
      const line = String(chunk);
      if (line.includes('"ready"')) resolve(JSON.parse(line).port);
    });
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith(name) && !line.startsWith('#'));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A configuration on this database, with free ports and a folder of its own. */
export async function benchConfig(database: Database, folder: string) {
  const { config } = readConfig({
    DATABASE_URL: database.url,
    KOPEK_DATA_DIR: folder,
    KOPEK_PORT: String(await freePort()),
    QLISTENER_PORT: String(await freePort()),
    MT_MANAGER_PORT: String(await freePort()),
    TELCO_PORT: String(await freePort()),
    OPERATOR_SIMULATOR_PORT: String(await freePort()),
  });
  return config;
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'kopek-bench-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export const quiet = silentLog();
