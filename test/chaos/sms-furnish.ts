import { migrationsFolder } from '#app';
import { createApiKey } from '#auth';
import { readConfig } from '#config';
import { migrate, openDatabase, type Tx } from '#database';
import { buildHouse, type House } from '#house';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';

/** Where the simulated providers are, and how they are used. */
export interface SmsOutside {
  readonly url: string;
  readonly timeoutMs: number;
  readonly perSecond: number;
}

/** The creditor and its phone stand in each text of class `debt`: the law wants them there. */
export const DEBT_TEXT = 'Alfa: у вас просроченная задолженность, +7 495 123-45-67';

const ACTOR = 'chaos';
const SCOPES = ['sms:send', 'sms:read', 'sms:admin', 'sender:send', 'rules:write'];
const PASSWORD = 'password-of-the-simulator';
const CALLBACK_SECRET = 'secret-of-the-simulator';

/** One entity, two providers it may use, and a key, in a database that it migrates; nothing runs yet. Answers the key. */
export async function furnishSms(
  env: Readonly<Record<string, string>>,
  outside: SmsOutside,
): Promise<string> {
  const { config } = readConfig(env);
  const database = openDatabase({ url: config.databaseUrl, log: silentLog() });
  try {
    await migrate(database, migrationsFolder);
    const house = await buildHouse({
      ...{ config, database, log: silentLog(), metrics: createMetrics() },
      source: 'kopek/chaos',
    });
    await database.transaction(async (tx) => {
      await saveAccounts(house, tx, outside);
      await saveEntity(house, tx);
    });
    await house.rules.refresh();
    await house.smsAccounts.refresh();
    await house.declareGroups();
    const { text } = await createApiKey(database, {
      ...{ name: 'chaos', scopes: SCOPES, now: house.clock.now() },
    });
    await house.close();
    return text;
  } finally {
    await database.close();
  }
}

async function saveAccounts(
  { smsAccounts }: House,
  tx: Tx,
  { perSecond, timeoutMs, url }: SmsOutside,
): Promise<void> {
  const shared = {
    ...{ enabled: true, requestsPerSecond: perSecond },
    ...{ senderPerSecond: undefined, entityPerSecond: undefined },
  };
  await smsAccounts.save(
    tx,
    {
      ...{ ...shared, name: 'north', kind: 'generic_http', title: 'North' },
      settings: { ...plainContract, base_url: `${url}/generic-http`, timeout_ms: timeoutMs },
      secrets: { values: { token: PASSWORD }, callback_secret: CALLBACK_SECRET },
    },
    ACTOR,
  );
  await smsAccounts.save(
    tx,
    {
      ...{ ...shared, name: 'south', kind: 'smsc', title: 'South' },
      settings: { login: 'kopek', base_url: `${url}/smsc`, timeout_ms: timeoutMs },
      secrets: { password: PASSWORD, callback_secret: CALLBACK_SECRET },
    },
    ACTOR,
  );
}

async function saveEntity({ rules }: House, tx: Tx): Promise<void> {
  await rules.saveEntity(
    tx,
    {
      ...{ key: 'alfa', name: 'Alfa' },
      settings: { phone: '+7 495 123-45-67', zone: 'Europe/Moscow' },
    },
    ACTOR,
  );
  for (const [rank, provider] of ['north', 'south'].entries()) {
    await rules.saveProvider(tx, { name: provider, title: provider, country: 'RU' }, ACTOR);
    await rules.allowProvider(tx, { entity: 'alfa', provider, senders: ['ALFA'], rank }, ACTOR);
  }
}

const authorized = { headers: { authorization: 'Bearer {{secret:token}}' } };

/** How a plain provider is talked to, as its account's settings say it. */
const plainContract = {
  send: {
    ...{ ...authorized, path: '/messages', accepted: { status: 202 } },
    body: {
      ...{ to: '{{recipient}}', from: '{{sender}}', text: '{{text}}', reference: '{{our_id}}' },
      ...{ validity_seconds: '{{valid}}', callback_url: '{{callback_url}}' },
    },
    ...{ id_path: 'id', code_path: 'error.code' },
    faults: [
      { pattern: '"code":"(bad_number|stop_list)"', fault: 'recipient' },
      { pattern: '"code":"(no_money|bad_sender|unauthorized)"', fault: 'account' },
      { pattern: '"code":"bad_text"', fault: 'message' },
      { status: 429, fault: 'throttled' },
      { status: 503, fault: 'temporary' },
    ],
  },
  validity: { unit: 'second' },
  status: {
    ...{ ...authorized, path: '/messages?reference={{our_id}}', by: 'our_id' },
    ...{ message_path: 'messages.0', empty_is_not_found: true },
    ...{ state_path: 'status', id_path: 'id', time_path: 'at', reason_path: 'error' },
  },
  cancel: {
    ...{ ...authorized, method: 'DELETE', path: '/messages/{{provider_id}}' },
    ...{ cancelled: { status: 200 }, too_late: { status: 409 } },
  },
  states: {
    ...{ accepted: 'accepted', scheduled: 'accepted', sent: 'sent', delivered: 'delivered' },
    ...{ undelivered: 'undelivered', expired: 'expired', rejected: 'rejected' },
    canceled: 'cancelled',
  },
  callback: {
    signature: {
      ...{ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
    },
    ...{ id_path: 'id', our_id_path: 'reference', state_path: 'status', time_path: 'at' },
    reason_path: 'error',
    reply: { status: 200, body: 'ok' },
  },
} as const;
