import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { AppError } from '#errors';
import { smsId } from '#sms/message';
import type { SmsOrder } from '#sms/provider';
import { exolveFaults } from './exolve.ts';
import { genericExample } from './generic-example.ts';
import { genericHttp } from './generic-http.ts';
import type { GenericSettings } from './generic-settings.ts';
import { createSmsProvider, explainReason, providerKinds } from './index.ts';
import { smsAeroFaults } from './sms-aero.ts';
import { smsRuFaults, smsRuStates } from './sms-ru-faults.ts';
import { smscErrors, smscFaults, smscStates } from './smsc-faults.ts';
import { fillJson, fillText } from './template.ts';
import { twilioErrors, twilioFaults, twilioStates } from './twilio-faults.ts';

const clock = createFakeClock(new Date('2026-11-26T10:00:00Z'));
const SECRET = 'must-not-be-seen';

function refusal(kind: string, settings: unknown, secrets: unknown): AppError {
  try {
    createSmsProvider(kind, { name: 'p', settings, secrets, clock });
  } catch (error) {
    assert.ok(error instanceof AppError);
    return error;
  }
  throw new Error(`${kind} was made of ${JSON.stringify(settings)}`);
}

const fieldsOf = ({ faults }: AppError) => faults.map(({ field }) => field);

test('a kind that nobody knows is refused by the names of those that are', () => {
  for (const kind of ['smpp5', 'constructor', '']) {
    const { code, message } = refusal(kind, {}, {});
    assert.equal(code, 'provider_kind_unknown');
    assert.match(message, /smsc, sms_aero, sms_ru, exolve, twilio, generic_http, smpp/);
  }
});

test('settings that can not be used name the field, and no error shows a secret', () => {
  const cases: readonly (readonly [string, unknown, unknown, string])[] = [
    ['smsc', {}, { password: SECRET }, 'settings.login'],
    ['smsc', { login: 'x' }, {}, 'secrets.password'],
    ['smsc', { login: 'x', timeout_ms: 1 }, { password: SECRET }, 'settings.timeout_ms'],
    ['sms_aero', { email: 'no' }, { api_key: SECRET }, 'settings.email'],
    ['sms_ru', {}, { api_id: '' }, 'secrets.api_id'],
    ['smpp', { host: 'centre' }, { password: SECRET }, 'settings'],
    ['smpp', { host: 'c', system_id: 'x', window: 0 }, { password: SECRET }, 'settings.window'],
    ['smpp', { host: 'c', system_id: 'x' }, { password: SECRET.repeat(9) }, 'secrets.password'],
    ['exolve', { base_url: 'ftp://x' }, { api_key: SECRET }, 'settings.base_url'],
    ['twilio', { account_sid: 'AC1' }, { auth_token: SECRET }, 'settings.account_sid'],
    [
      'twilio',
      { account_sid: `AC${'1'.repeat(32)}`, base_url: 'http://api.twilio.com' },
      { auth_token: SECRET },
      'settings.base_url',
    ],
  ];
  for (const [kind, settings, secrets, field] of cases) {
    const error = refusal(kind, settings, secrets);
    assert.equal(error.code, 'provider_settings_invalid');
    assert.ok(fieldsOf(error).includes(field), `${kind} ${JSON.stringify(error.faults)}`);
    assert.ok(!JSON.stringify([error.message, error.faults]).includes(SECRET));
  }
});

test('without TLS it goes to this machine only, unless somebody says otherwise', () => {
  const make = (settings: object) =>
    createSmsProvider('sms_ru', { name: 'p', settings, secrets: { api_id: 'x' }, clock });
  assert.equal(make({ base_url: 'http://127.0.0.1:1' }).name, 'p');
  assert.equal(make({ base_url: 'http://simulators:1', plain_http: true }).name, 'p');
  assert.equal(refusal('sms_ru', { base_url: 'http://sms.ru' }, { api_id: 'x' }).kind, 'invalid');
});

test('where nobody can call back receipts are asked for', () => {
  const receiptsOf = (callbackUrl?: string) =>
    createSmsProvider('smsc', {
      ...{ name: 'p', clock, settings: { login: 'x' } },
      secrets: { password: 'x', callback_secret: 'y' },
      ...(callbackUrl === undefined ? {} : { callbackUrl }),
    }).capabilities.receipts;
  assert.deepEqual([receiptsOf(), receiptsOf('https://kopek.test/cb')], ['poll', 'push']);
});

test('a pattern that is none, and a place that nothing fills, are found before the first message', () => {
  const { send } = genericExample;
  const fieldsWith = (changes: object) => {
    const settings = {
      ...{ ...genericExample, base_url: 'https://example.org' },
      send: { ...send, ...changes },
    };
    return [...new Set(fieldsOf(refusal('generic_http', settings, { callback_secret: SECRET })))];
  };
  assert.deepEqual(fieldsWith({ accepted: { pattern: '(' } }), ['settings.send.accepted.pattern']);
  // The token is among no secrets here.
  assert.deepEqual(fieldsWith({ path: '/x/{{phone}}' }), [
    ...['settings.send', 'settings.status', 'settings.cancel', 'settings.balance'],
  ]);
});

test('no text can leave its place in a template', () => {
  const values = {
    text: '","admin":true,"x":"{{secret}}',
    secret: SECRET,
    valid: 7,
    gone: undefined,
  };
  assert.deepEqual(fillJson({ text: 'a {{text}}', n: '{{valid}}', gone: '{{gone}}' }, values), {
    ...{ text: 'a ","admin":true,"x":"{{secret}}', n: 7 },
  });
  assert.equal(
    fillText('/x?t={{text}}', { text: 'a&b=c/../#' }, encodeURIComponent),
    '/x?t=a%26b%3Dc%2F..%2F%23',
  );
});

const order: SmsOrder = {
  ...{ sms: smsId(7n), attempt: 2, recipient: '+79161234567', sender: 'K', body: 'hi & "lo"' },
  ...{ secret: false, priority: 1, validUntil: new Date('2026-11-26T11:00:00Z') },
};

test('a provider that wants a form gets one', () => {
  const settings: GenericSettings = {
    base_url: 'https://example.org',
    send: {
      ...{ path: '/s', format: 'form', accepted: { pattern: '^OK' } },
      body: { phone: '{{recipient_digits}}', text: '{{text}}', ttl: '{{valid}}' },
    },
    validity: { unit: 'minute', max: 30 },
  };
  const account = { settings, secrets: {}, callbackUrl: undefined };
  const request = genericHttp.toRequest(order, account, 45);
  assert.ok('path' in request);
  assert.equal(request.body, 'phone=79161234567&text=hi+%26+%22lo%22&ttl=30');
});

test('a signature over a time and the body is refused when it is too old', () => {
  const settings: GenericSettings = {
    ...{ base_url: 'https://example.org', send: { path: '/s', accepted: {} } },
    states: { ok: 'delivered' },
    callback: {
      signature: {
        ...{ header: 'sig', algorithm: 'sha256', encoding: 'base64', prefix: 'v1,' },
        ...{ before_body: '{{header:id}}.{{header:time}}.', timestamp_header: 'time' },
      },
      ...{ list_path: 'items', id_path: 'id', state_path: 'state', our_id_path: 'ref' },
    },
  };
  const account = { settings, secrets: { callback_secret: SECRET }, callbackUrl: 'https://k.test' };
  const body = '{"items":[{"id":1,"state":"ok","ref":"sms_0x7-2"},{"id":2,"state":"new"}]}';
  const read = (seconds: number) => {
    const mac = createHmac('sha256', SECRET).update(`m1.${seconds}.${body}`).digest('base64');
    const headers = { id: 'm1', time: String(seconds), sig: `v1,${mac}` };
    const callback = { method: 'POST', url: 'https://k.test', headers, body: Buffer.from(body) };
    return genericHttp.readCallback?.(callback, account, clock.now()).reports;
  };
  const now = clock.nowMs() / 1000;
  assert.deepEqual(read(now), [{ providerMessageId: '1', sms: 'sms_0x7', state: 'delivered' }]);
  assert.throws(() => read(now - 301), { code: 'callback_forged' });
  assert.throws(() => read(now + 301), { code: 'callback_forged' });
});

const PAGES = join(import.meta.dirname, '..', '..', '..', '..', 'docs');
const CODES: Readonly<Record<string, readonly string[]>> = {
  smsc: [smscFaults, smscErrors, smscStates].flatMap((table) => Object.keys(table)),
  sms_aero: smsAeroFaults.map(({ code }) => code),
  sms_ru: [smsRuFaults, smsRuStates].flatMap((table) => Object.keys(table)),
  exolve: exolveFaults.map(({ code }) => code),
  twilio: [twilioFaults, twilioErrors, twilioStates].flatMap((table) => Object.keys(table)),
};

test('each kind has its page, with every code and every setting on it', async () => {
  for (const [name, kind] of Object.entries(providerKinds)) {
    const page = await readFile(join(PAGES, kind.page), 'utf8');
    const schemas = [kind.settings, kind.secrets] as unknown as { properties: object }[];
    const words = schemas.flatMap(({ properties }) => Object.keys(properties));
    for (const word of [...words, ...(CODES[name] ?? [])]) {
      assert.ok(page.includes(`\`${word}\``), `${kind.page} lacks \`${word}\``);
    }
  }
});

test('every reason of a table has a sentence', () => {
  const reasons = [
    ...Object.keys(smscFaults).map((code) => `smsc_${code}`),
    ...Object.keys(smscErrors).map((code) => `smsc_err_${code}`),
    ...Object.keys(smsRuFaults).map((code) => `smsru_${code}`),
    ...Object.keys({ ...twilioFaults, ...twilioErrors }).map((code) => `twilio_${code}`),
    ...smsAeroFaults.map(({ code }) => `aero_${code}`),
    ...exolveFaults.map(({ code }) => `exolve_${code}`),
    ...['too_late', 'timeout', 'smsc_crowded', 'no_session', 'window_full', 'response_timeout'],
    ...['smpp_rthrottled', 'smpp_rinvdstadr', 'smpp_0x00000401', 'smpp_expired_042'],
    ...['smpp_rejectd', 'part_2_of_3: smpp_rsyserr', 'part_2_of_3: smpp_0x00000403'],
  ];
  for (const reason of reasons) assert.match(explainReason(reason) ?? '', /\.$/, reason);
  for (const reason of ['constructor', 'x_constructor', 'smsc_constructor', '']) {
    assert.equal(explainReason(reason), undefined, reason);
  }
});
