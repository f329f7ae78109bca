import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createApiKey } from '#auth';
import type { Database } from '#database';
import { buildHouse, type House } from '#house';
import { createMetrics } from '#metrics';
import { WEBHOOK_SCOPE } from '#sms';
import type { BenchContext } from './claim.ts';
import { benchConfig, type ChildServer, quiet, startChild, temporaryFolder } from './house.ts';

/** Everything that a message meets on its way, each in a process of its own: the site, the provider, the receiver (here). */
export interface SmsStage {
  readonly database: Database;
  readonly folder: string;
  readonly key: string;
  readonly provider: ChildServer;
  /** Messages of whose end the receiver has heard. */
  readonly heard: { count: number; delivered: number };
  /** What handsets have got. */
  readonly ledger: () => Promise<Ledger>;
  close(): Promise<void>;
}

export interface Ledger {
  readonly received: number;
  readonly repeated_texts: number;
  readonly repeated_ids: number;
}

export const ENTITY = 'bench';
export const PROVIDER = 'bench_http';
export const SENDER = 'BENCH';
/** The provider's rate is lifted: here the house is measured. */
const RATE_LIFTED = 50_000;
const SIMULATOR = join(import.meta.dirname, '../../simulators/sms-provider/main.ts');
/** On the handset so long after it was taken; receipts go out at once. */
const BEHAVIOUR = { 'generic-http': { deliverMs: { min: 100, max: 300 } } };
const NINE_TO_NINE = [['09:00', '21:00']];
const SIMULATOR_TOKEN = 'password-of-the-simulator';
const SIMULATOR_SECRET = 'secret-of-the-simulator';

export interface StageOptions {
  readonly perSecond?: number;
  /** The entity sends from nine to nine only. */
  readonly hours?: boolean;
}

export async function openSmsStage(
  context: BenchContext,
  { hours = false, perSecond = RATE_LIFTED }: StageOptions = {},
): Promise<SmsStage> {
  const database = await context.openDatabase();
  const [folder, providerFolder] = [await temporaryFolder(), await temporaryFolder()];
  const settings = join(providerFolder.path, 'settings.json');
  await writeFile(settings, JSON.stringify(BEHAVIOUR));
  const provider = await startChild(SIMULATOR, [
    ...['--port', '0', '--folder', providerFolder.path, '--settings', settings],
  ]);
  const receiver = await startReceiver();
  const { text: key } = await createApiKey(database, {
    ...{ name: 'bench', scopes: ['sms:send', 'sms:read'], now: new Date() },
  });
  const config = await benchConfig(database, folder.path);
  const metrics = createMetrics();
  const house = await buildHouse({ config, database, log: quiet, metrics, source: 'kopek/bench' });
  try {
    await allowAll(house, { provider: provider.url, receiver: receiver.url, perSecond, hours });
  } catch (error) {
    await provider.stop();
    throw error;
  } finally {
    await house.close();
  }
  return {
    ...{ database, folder: folder.path, key, provider, heard: receiver.heard },
    async ledger() {
      const answer = await fetch(`${provider.url}/ledger?summary=1`);
      return (await answer.json()) as Ledger;
    },
    async close() {
      await provider.stop();
      await receiver.close();
      await folder.remove();
      await providerFolder.remove();
    },
  };
}

/** An entity that may send through one account, and a receiver that hears how each of its messages ended. */
async function allowAll(
  { database, rules, smsAccounts, webhooks }: House,
  at: {
    readonly provider: string;
    readonly receiver: string;
    readonly perSecond: number;
    readonly hours: boolean;
  },
): Promise<void> {
  const settings = at.hours ? { standardTime: { work: NINE_TO_NINE, off: NINE_TO_NINE } } : {};
  await database.transaction(async (tx) => {
    await rules.saveEntity(tx, { key: ENTITY, name: 'Bench', settings }, 'bench');
    await rules.saveProvider(tx, { name: PROVIDER, title: 'The simulator' }, 'bench');
    await rules.allowProvider(
      tx,
      { entity: ENTITY, provider: PROVIDER, senders: [SENDER] },
      'bench',
    );
    await smsAccounts.save(
      tx,
      {
        ...{ name: PROVIDER, kind: 'generic_http', title: 'The simulator', enabled: true },
        settings: settingsAt(`${at.provider}/generic-http`),
        secrets: { values: { token: SIMULATOR_TOKEN }, callback_secret: SIMULATOR_SECRET },
        requestsPerSecond: at.perSecond,
        ...{ senderPerSecond: undefined, entityPerSecond: undefined },
      },
      'bench',
    );
  });
  await webhooks.createEndpoint({
    ...{ scope: WEBHOOK_SCOPE, kind: 'endpoint', url: at.receiver, description: '' },
    eventTypes: ['delivered', 'undelivered', 'expired', 'rejected'].map((state) => `sms.${state}`),
  });
}

function settingsAt(baseUrl: string) {
  return {
    base_url: baseUrl,
    send: {
      ...{ path: '/messages', headers: { authorization: 'Bearer {{secret:token}}' } },
      body: {
        ...{ to: '{{recipient}}', from: '{{sender}}', text: '{{text}}', reference: '{{our_id}}' },
        ...{ validity_seconds: '{{valid}}', callback_url: '{{callback_url}}' },
      },
      ...{ accepted: { status: 202 }, id_path: 'id', segments_path: 'parts' },
    },
    validity: { unit: 'second' },
    states: {
      ...{ accepted: 'accepted', sent: 'sent', delivered: 'delivered', expired: 'expired' },
      ...{ undelivered: 'undelivered', rejected: 'rejected' },
    },
    callback: {
      signature: {
        ...{ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
      },
      ...{ id_path: 'id', our_id_path: 'reference', state_path: 'status', time_path: 'at' },
      reply: { status: 200, body: 'ok' },
    },
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** Answers 200 and counts. */
async function startReceiver() {
  const heard = { count: 0, delivered: 0 };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('latin1');
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      heard.count += 1;
      if (text.includes('"sms.delivered"')) heard.delivered += 1;
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, heard, close };
}
