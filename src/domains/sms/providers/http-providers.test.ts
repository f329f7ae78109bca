import assert from 'node:assert/strict';
import { after } from 'node:test';
import { createSystemClock } from '#clock';
import { type ProviderName, startSmsProviderSimulator } from '#simulators/sms-provider';
import { smsId } from '#sms/message';
import type { ProviderCallback, ReportedState, SmsOrder, SmsProvider } from '#sms/provider';
import { eventually, freePort, temporaryFolder } from '#testing';
import type { CallbacksUnderTest, HeardCallback } from './describe-callbacks.ts';
import type { SmsEnd } from './describe-inquiries.ts';
import { describeSmsProvider, type SmsProviderUnderTest } from './describe-sms-provider.ts';
import type { SmsFate } from './fates.ts';
import { genericExample } from './generic-example.ts';
import { createSmsProvider } from './index.ts';
import { controlsOf, openEar } from './stage.ts';

const TIMEOUT_MS = 15_000;
const IMPATIENT_MS = 1000;
const PATIENCE = { timeoutMs: 20_000 };
const SCENARIOS: Readonly<Record<Exclude<SmsFate, 'sent'>, string>> = {
  ...{ throttled: 'throttled', temporary: 'temporary', down: 'down', no_money: 'no-money' },
  ...{ bad_login: 'bad-login', bad_sender: 'bad-sender', bad_text: 'bad-text' },
  ...{ bad_number: 'bad-number', stop_list: 'stop-list', hang_before: 'hang-before' },
  ...{ hang_after: 'hang-after', cut_before: 'cut-before', cut_after: 'cut-after' },
  ...{ error_before: 'error-before', error_after: 'error-after', garbage: 'garbage' },
};
const TOLD: CallbacksUnderTest['told'] = {
  ...{ delivered: 'delivered', undelivered: 'undelivered' },
  ...{ expired: 'expired', rejected: 'rejected' },
};
const ALL = Object.fromEntries(
  ['sent', ...Object.keys(SCENARIOS)].map((fate) => [fate, 'as usual']),
) as SmsProviderUnderTest['fates'];

const ear = await openEar({ after });
const CALLBACK_KEY = 'a-key-that-nobody-knows';
const push = (name: string, query = '') => ({
  ...{ callbackUrl: ear.urlOf(name, query), moUrl: ear.urlOf(name, query) },
  // Nothing reaches a handset before the test says so.
  ...{ repeatMs: 200, deliverMs: { min: 600_000, max: 600_000 } },
});
const simulator = await startSmsProviderSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  settings: {
    smsc: push('smsc'),
    'sms-aero': push('sms-aero'),
    'sms-ru': push('sms-ru'),
    exolve: push('exolve', `?key=${CALLBACK_KEY}`),
    twilio: push('twilio'),
    'generic-http': push('generic-http'),
  },
});
after(() => simulator.close());
const controls = controlsOf(simulator.url);

let orders = BigInt(Date.now() - Date.UTC(2020, 0, 1)) << 22n;

function newOrder(changes: Partial<SmsOrder> = {}): SmsOrder {
  orders += 1n;
  return {
    ...{ sms: smsId(orders), attempt: 1, recipient: `+7916${1_000_000n + (orders % 8_000_000n)}` },
    ...{ sender: 'Kopek', body: `Your link is ready: ${orders}`, secret: false, priority: 1 },
    ...{ validUntil: new Date(Date.now() + 7_200_000), ...changes },
  };
}

interface Simulated {
  /** In the simulator. */
  readonly contract: ProviderName;
  readonly kind: string;
  readonly settings?: object;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly shownSecrets: readonly string[];
  readonly fates?: SmsProviderUnderTest['fates'];
  readonly told?: Partial<Record<Exclude<SmsEnd, 'stuck'>, ReportedState>>;
  readonly strangerId: string;
  readonly retryAfterMs?: number;
  readonly naming: boolean;
  readonly says: boolean;
  forgeries(callback: ProviderCallback): readonly ProviderCallback[];
}

function create(tested: Simulated, base_url: string, timeout_ms = TIMEOUT_MS): SmsProvider {
  return createSmsProvider(tested.kind, {
    ...{ name: tested.contract, clock: createSystemClock() },
    ...{ secrets: tested.secrets, callbackUrl: ear.urlOf(tested.contract) },
    settings: { ...tested.settings, base_url, timeout_ms },
  });
}

async function orderWith(scenario: string | undefined, changes?: Partial<SmsOrder>) {
  const order = newOrder(changes);
  if (scenario !== undefined) await controls.befall(scenario, order.recipient);
  return order;
}

function toUnderTest(tested: Simulated): SmsProviderUnderTest {
  const name = tested.contract;
  const base = `${simulator.url}/${name}${name === 'sms-aero' ? '/v2' : ''}`;
  const provider = create(tested, base);
  const impatient = create(tested, base, IMPATIENT_MS);
  after(async () => {
    await provider.close?.();
    await impatient.close?.();
  });
  ear.listen(name, provider);
  const told: CallbacksUnderTest['told'] = { ...TOLD, ...tested.told };
  const orderTo = (end: SmsEnd | 'twice') =>
    orderWith(end === 'twice' ? 'receipt-duplicated' : end);
  return {
    ...{ name: tested.kind, provider, impatient, fates: { ...ALL, ...tested.fates } },
    secrets: tested.shownSecrets,
    order: (fate, changes) => orderWith(fate === 'sent' ? undefined : SCENARIOS[fate], changes),
    async inbox({ recipient }) {
      await controls.settle();
      return controls.textsOf(recipient);
    },
    async unreachable(work) {
      const deaf = create(tested, `http://127.0.0.1:${await freePort()}`);
      await work(deaf);
      await deaf.close?.();
    },
    ...(provider.capabilities.validity === 'none'
      ? {}
      : { toldValidUntil: ({ recipient }: SmsOrder) => controls.validUntilOf(recipient) }),
    ...(tested.retryAfterMs === undefined ? {} : { retryAfterMs: tested.retryAfterMs }),
    inquiries: {
      ...{ orderTo, settle: controls.settle, told, strangerId: tested.strangerId },
    },
    callbacks: { ...callbacksOf(tested, provider), orderTo, told },
  };
}

function callbacksOf(
  tested: Simulated,
  provider: SmsProvider,
): Omit<CallbacksUnderTest, 'orderTo' | 'told'> {
  const heard = () => ear.heardOf(provider.name);
  return {
    ...{ naming: tested.naming, forgeries: tested.forgeries },
    async heard(order, state, times) {
      await controls.settle();
      const sent = await controls.idsOf(order.recipient);
      const own = () =>
        heard().filter(({ reading }) =>
          reading.reports.some(({ providerMessageId }) => sent.includes(providerMessageId)),
        );
      await eventually(() => {
        const reports = own().flatMap(({ reading }) => reading.reports);
        const found = reports.filter(
          (report) => report.state === state && sent.includes(report.providerMessageId),
        );
        assert.ok(found.length >= times, JSON.stringify([reports, ear.refused.at(-1)]));
      }, PATIENCE);
      return own() satisfies readonly HeardCallback[];
    },
    ...(tested.says
      ? {
          async say(text: string) {
            const from = newOrder().recipient;
            await controls.say(from, { provider: tested.contract, to: '7787', text });
            return eventually(() => {
              const said = heard().flatMap(({ reading }) => reading.incoming);
              const found = said.find((one) => one.from === from && one.text === text);
              assert.ok(found, JSON.stringify([said, ear.refused.at(-1)]));
              return { heard: found, from };
            }, PATIENCE);
          },
        }
      : {}),
  };
}

const withBody = (callback: ProviderCallback, change: (body: string) => string) => ({
  ...callback,
  body: Buffer.from(change(callback.body.toString())),
});
const withoutHeader = (callback: ProviderCallback, name: string) => ({
  ...callback,
  headers: { ...callback.headers, [name]: undefined },
});
const withHeader = (callback: ProviderCallback, name: string, value: string) => ({
  ...callback,
  headers: { ...callback.headers, [name]: value },
});
const withUrl = (callback: ProviderCallback, change: (url: string) => string) => ({
  ...callback,
  url: change(callback.url),
});

const PASSWORD = 'password-of-the-simulator';
const SECRET = 'secret-of-the-simulator';

describeSmsProvider(
  toUnderTest({
    ...{ contract: 'smsc', kind: 'smsc', settings: { login: 'kopek' } },
    secrets: { password: PASSWORD, callback_secret: SECRET },
    shownSecrets: [PASSWORD, SECRET],
    // “The same request within a minute” is what it says to too many calls as well.
    fates: { throttled: 'unknown', bad_sender: ['message'] },
    ...{ strangerId: '2147483646', naming: false, says: true },
    forgeries: (callback) => [
      withBody(callback, (body) => body.replace(/status=\d+/, 'status=2')),
      withBody(callback, (body) => body.replace(/id=\d/, (id) => `id=${9 - Number(id.slice(3))}`)),
      withBody(callback, (body) => body.replace(/&md5=\w+/, '').replace(/&sha1=\w+/, '')),
      withBody(callback, (body) => body.replace(/md5=\w+/, `md5=${'0'.repeat(32)}`)),
      withBody(callback, (body) => body.replace(/sha1=\w+/, 'sha1=x')),
    ],
  }),
);

describeSmsProvider(
  toUnderTest({
    ...{ contract: 'sms-aero', kind: 'sms_aero', settings: { email: 'kopek@example.org' } },
    secrets: { api_key: 'api-key-of-the-simulator-00' },
    shownSecrets: ['api-key-of-the-simulator-00'],
    told: { expired: 'undelivered' },
    ...{ strangerId: '999999999', naming: true, says: false },
    forgeries: (callback) => [
      withUrl(callback, (url) => url.replace(/seal=[^&]+/, 'seal=AAAAAAAAAAAAAAAAAAAAAA')),
      withUrl(callback, (url) => url.replace(/&seal=[^&]+/, '')),
      withUrl(callback, (url) => url.replace(/sms=[^&]+/, `sms=${newOrder().sms}`)),
      withUrl(callback, (url) => url.replace(/\?.*/, '')),
    ],
  }),
);

describeSmsProvider(
  toUnderTest({
    ...{ contract: 'sms-ru', kind: 'sms_ru' },
    secrets: { api_id: '00000000-0000-0000-0000-000000000000' },
    shownSecrets: ['00000000-0000-0000-0000-000000000000'],
    fates: { throttled: ['temporary'] },
    ...{ strangerId: '000000-99999999', naming: false, says: false },
    forgeries: (callback) => [
      withBody(callback, (body) => body.replace(/%0A10\d/, '%0A110')),
      withBody(callback, (body) => body.replace(/hash=\w+/, 'hash=')),
      withBody(callback, (body) => body.replace(/&?hash=\w+/, '')),
      withBody(callback, (body) => `${body}&data%5B9%5D=sms_status%0A1-1%0A103%0A1`),
    ],
  }),
);

describeSmsProvider(
  toUnderTest({
    ...{ contract: 'exolve', kind: 'exolve' },
    secrets: { api_key: PASSWORD, callback_key: CALLBACK_KEY },
    shownSecrets: [PASSWORD, CALLBACK_KEY],
    told: { expired: 'undelivered' },
    ...{ strangerId: '439166538239449999', naming: false, says: true },
    forgeries: (callback) => [
      withUrl(callback, (url) => url.replace(/key=.*/, 'key=')),
      withUrl(callback, (url) => url.replace(/key=.*/, `key=${CALLBACK_KEY.toUpperCase()}`)),
      withUrl(callback, (url) => url.replace(/\?.*/, '')),
    ],
  }),
);

describeSmsProvider(
  toUnderTest({
    ...{ contract: 'twilio', kind: 'twilio' },
    settings: { account_sid: `AC${'0'.repeat(32)}` },
    secrets: { auth_token: '0'.repeat(32) },
    shownSecrets: [
      '0'.repeat(32),
      Buffer.from(`AC${'0'.repeat(32)}:`)
        .toString('base64')
        .slice(0, 40),
    ],
    ...{ strangerId: `SM${'f'.repeat(32)}`, retryAfterMs: 1000 },
    ...{ naming: true, says: true },
    forgeries: (callback) => [
      withBody(callback, (body) => body.replace(/MessageStatus=\w+/, 'MessageStatus=delivere')),
      withBody(callback, (body) => `${body}&ErrorCode=0`),
      withUrl(callback, (url) => url.replace(/sms=[^&]+/, `sms=${newOrder().sms}`)),
      withUrl(callback, (url) => url.replace('http:', 'https:')),
      withHeader(callback, 'x-twilio-signature', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='),
      withoutHeader(callback, 'x-twilio-signature'),
    ],
  }),
);

describeSmsProvider(
  toUnderTest({
    ...{ contract: 'generic-http', kind: 'generic_http', settings: genericExample },
    secrets: { values: { token: PASSWORD }, callback_secret: SECRET },
    shownSecrets: [PASSWORD, SECRET],
    ...{ strangerId: 'm-0-0', naming: true, says: true, retryAfterMs: 1000 },
    forgeries: (callback) => [
      withBody(callback, (body) => body.replace(/"status":"\w+"/, '"status":"rejected!"')),
      withBody(callback, (body) => `${body} `),
      withHeader(callback, 'x-signature', `sha256=${'0'.repeat(64)}`),
      withoutHeader(callback, 'x-signature'),
    ],
  }),
);
