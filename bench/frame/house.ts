import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '#config';
import type { Database } from '#database';
import { silentLog } from '#log';
import { freePort } from '#testing';

const root = join(import.meta.dirname, '../..');

/** A server of the house in a process of its own. */
export interface ChildServer {
  readonly url: string;
  /** Of its process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a script that prints one line of JSON with its port when it is ready, and ends on SIGTERM. */
export async function startChild(script: string, args: readonly string[]): Promise<ChildServer> {
  // With the young generation that `npm start` and the image give the house, and `npm run bench` gives itself.
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Whatever ends the run, nothing of it goes on.
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${script} ended with ${code} before it was ready`)),
    );
    child.stdout.on('data', (chunk) => {
      const line = String(chunk);
      if (line.includes('"ready"')) resolve(JSON.parse(line).port);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The operator's simulator as a process of its own, as the operator is. */
export interface SimulatorProcess extends ChildServer {
  /** A figure of its /metrics, summed over labels. */
  metric(name: string): Promise<number>;
}

export async function startSimulatorProcess(): Promise<SimulatorProcess> {
  const folder = await temporaryFolder();
  const script = join(root, 'simulators/operator/main.ts');
  const server = await startChild(script, ['--port', '0', '--folder', folder.path]);
  return {
    url: server.url,
    pid: server.pid,
    async metric(name) {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(name));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async stop() {
      await server.stop();
      await folder.remove();
    },
  };
}

/** A configuration on this database, with free ports and a folder of its own. */
export async function benchConfig(database: Database, folder: string, busUrl = 'postgres:') {
  const { config } = readConfig({
    DATABASE_URL: database.url,
    BUS_URL: busUrl,
    KOPEK_DATA_DIR: folder,
    KOPEK_PORT: String(await freePort()),
    ACCOUNTS_PORT: String(await freePort()),
    PAYOUT_API_PORT: String(await freePort()),
    REQ_GATE_PORT: String(await freePort()),
    OEBS_GATE_PORT: String(await freePort()),
    QLISTENER_PORT: String(await freePort()),
    MT_MANAGER_PORT: String(await freePort()),
    TELCO_PORT: String(await freePort()),
    SMS_RULES_PORT: String(await freePort()),
    SMS_API_PORT: String(await freePort()),
    SMS_SENDER_PORT: String(await freePort()),
    PAYMENTS_API_PORT: String(await freePort()),
    SAVER_PORT: String(await freePort()),
    PROCESSOR_PORT: String(await freePort()),
    NOTIFIER_PORT: String(await freePort()),
    STATE_MACHINE_PORT: String(await freePort()),
    OPERATOR_SIMULATOR_PORT: String(await freePort()),
  });
  return config;
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'kopek-bench-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export const quiet = silentLog();
