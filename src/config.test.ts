import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { exampleText, readConfig, secretOf, settingNames } from '#config';
import { temporaryFolder } from '#testing';

const GOOD = { KOPEK_SECRET: 'x'.repeat(32), KOPEK_TRUSTED_PROXIES: '10.0.0.1, 10.1.0.0/16, ::1' };

test('nothing needs to be set', () => {
  const { config, faults, unknown, sources } = readConfig({});
  assert.deepEqual(faults, []);
  assert.deepEqual(unknown, []);
  assert.deepEqual(new Set(sources.values()), new Set(['default']));
  assert.equal(config.port, 50300);
  assert.equal(config.publicUrl, 'http://localhost:50300');
  assert.equal(config.busUrl, 'postgres:');
  assert.deepEqual(
    [config.accountsPort, config.qlistenerPort, config.mtManagerPort, config.telcoPort],
    [50301, 50304, 50305, 50306],
  );
  assert.deepEqual(
    [config.oebsGatePort, config.payoutSenderLimit, config.payoutOebsGateIntervalMs],
    [50307, 100, 1000],
  );
  assert.deepEqual([config.demo, config.operatorSimulator], [true, true]);
});

test('what follows from another setting follows it', () => {
  const { config } = readConfig({ KOPEK_PORT: '8080' });
  assert.equal(config.publicUrl, 'http://localhost:8080');
  assert.equal(config.dispatcherPort, 8080);
});

test('amounts are read by their currency', () => {
  const above = { PAYOUT_APPROVAL_ABOVE: 'RUB=50000000, PKR = 0' };
  const { config, faults } = readConfig({ ...GOOD, ...above });
  assert.deepEqual(faults, []);
  assert.deepEqual(
    [...config.payoutApprovalAbove],
    [
      ['RUB', 50_000_000n],
      ['PKR', 0n],
    ],
  );
});

test('times and counts are read with their units and limits', () => {
  const { config, faults } = readConfig({
    ...GOOD,
    ...{ PAYOUT_REQ_GATE_INTERVAL: '250ms', PAYOUT_REQUEST_LIMIT: '7' },
  });
  assert.deepEqual(faults, []);
  assert.deepEqual([config.payoutReqGateIntervalMs, config.payoutRequestLimit], [250, 7]);
  for (const [name, text, code] of [
    ['PAYOUT_REQ_GATE_INTERVAL', '1', 'KOP-0128'],
    ['PAYOUT_REQ_GATE_INTERVAL', '1ms', 'KOP-0128'],
    ['PAYOUT_REQ_GATE_INTERVAL', '25h', 'KOP-0128'],
    ['PAYOUT_REQ_GATE_INTERVAL', '-1s', 'KOP-0128'],
    ['PAYOUT_REQUEST_LIMIT', '0', 'KOP-0120'],
    ['PAYOUT_REQUEST_LIMIT', '1001', 'KOP-0120'],
    ['PAYOUT_REQUEST_LIMIT', '1.5', 'KOP-0120'],
    ['PAYOUT_ACCOUNTS_URL', 'accounts:50301', 'KOP-0125'],
  ] as const) {
    const reading = readConfig({ ...GOOD, PAYOUT_ACCOUNTS_KEY: 'x', [name]: text });
    assert.deepEqual(
      reading.faults.map((fault) => [fault.name, fault.code]),
      [[name, code]],
      text,
    );
  }
});

test('a system of accounts elsewhere needs a key', () => {
  const url = { PAYOUT_ACCOUNTS_URL: 'http://accounts.example:50301' };
  const [fault] = readConfig({ ...GOOD, ...url }).faults;
  assert.deepEqual([fault?.name, fault?.code], ['PAYOUT_ACCOUNTS_KEY', 'KOP-0131']);
  assert.deepEqual(readConfig({ ...GOOD, ...url, PAYOUT_ACCOUNTS_KEY: 'kpk_x' }).faults, []);
});

test('lists and switches are read as people write them', () => {
  const { config, faults } = readConfig({ ...GOOD, KOPEK_DEMO: 'No', KOPEK_LOG_LEVEL: 'WARN' });
  assert.deepEqual(faults, []);
  assert.deepEqual(config.trustedProxies, ['10.0.0.1', '10.1.0.0/16', '::1']);
  assert.equal(config.demo, false);
  assert.equal(config.logLevel, 'warn');
});

test('routes are read although the URLs of Kafka hold commas', () => {
  const { config, faults } = readConfig({
    BUS_URL: 'amqp://guest:guest@rabbit',
    BUS_ROUTES:
      'erp.*=kafka://one:9092,two:9092?mechanism=PLAIN, sms_events=postgres:,x=amqp://guest:guest@rabbit',
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(config.busRoutes, [
    { pattern: 'erp.*', url: 'kafka://one:9092,two:9092?mechanism=PLAIN' },
    { pattern: 'sms_events', url: 'postgres:' },
    { pattern: 'x', url: 'amqp://guest:guest@rabbit' },
  ]);
});

test('a route to another broker of the same kind than BUS_URL is refused', () => {
  const { faults } = readConfig({ BUS_URL: 'amqp://one', BUS_ROUTES: 'a=amqp://two' });
  assert.deepEqual(
    faults.map(({ code, name }) => [name, code]),
    [['BUS_ROUTES', 'KOP-0311']],
  );
});

const BAD = [
  ['KOPEK_PORT', '10k', 'KOP-0120', /"10k" is not a port/],
  ['KOPEK_PORT', '0', 'KOP-0120', /1 to 65535/],
  ['TELCO_PORT', '65536', 'KOP-0120', /not a port/],
  ['KOPEK_HOST', 'not a host', 'KOP-0123', /not an address/],
  ['DATABASE_URL', 'mysql://here/db', 'KOP-0211', /PostgreSQL/],
  ['DATABASE_URL', 'kopek', 'KOP-0125', /not a URL/],
  ['BUS_URL', 'nats://broker.example', 'KOP-0310', /no engine/],
  ['BUS_URL', 'kafka://one:9092;two:9092', 'KOP-0310', /no engine/],
  ['BUS_URL', 'amqp://', 'KOP-0310', /no engine/],
  ['BUS_ROUTES', 'billing.*', 'KOP-0311', /topic=URL/],
  ['BUS_ROUTES', 'billing.*=http://here', 'KOP-0310', /no engine/],
  ['BUS_ROUTES', 'a=kafka://one:9092, b=kafka://two:9092', 'KOP-0311', /two different kafka/],
  ['PAYOUT_APPROVAL_ABOVE', 'RUB=1.5', 'KOP-0140', /"RUB=1.5" is not a currency/],
  ['PAYOUT_APPROVAL_ABOVE', 'RUB=1,RUB=2', 'KOP-0140', /names RUB twice/],
  ['PAYOUT_APPROVAL_DAYS', '0', 'KOP-0120', /from 1 to 365/],
  ['PAYOUT_OEBS_GATE_INTERVAL', '1', 'KOP-0128', /is not a time/],
  ['PAYOUT_SENDER_LIMIT', '1001', 'KOP-0120', /from 1 to 1000/],
  ['PAYOUT_TOPIC_PREFIX', '/billing', 'KOP-0330', /name of a topic/],
  ['KOPEK_SECRET', 'short', 'KOP-0130', /has 5 letters/],
  ['KOPEK_PUBLIC_URL', 'pay.example.com', 'KOP-0125', /not a URL/],
  ['KOPEK_PUBLIC_URL', 'ftp://pay.example.com', 'KOP-0125', /http or https/],
  ['KOPEK_TRUSTED_PROXIES', '0.0.0.0/0', 'KOP-0431', /anyone name any phone number/],
  ['KOPEK_TRUSTED_PROXIES', '10.0.0.1,::/0', 'KOP-0431', /::\/0/],
  ['KOPEK_TRUSTED_PROXIES', '10.0.0.0/33', 'KOP-0430', /not an address or a range/],
  ['KOPEK_LOG_LEVEL', 'loud', 'KOP-0122', /none of: trace/],
  ['KOPEK_DEMO', 'maybe', 'KOP-0121', /neither on nor off/],
] as const;

for (const [name, value, code, words] of BAD) {
  test(`${name}=${value} is refused with ${code}`, () => {
    const { faults } = readConfig({ [name]: value });
    assert.equal(faults.length, 1);
    assert.equal(faults[0]?.name, name);
    assert.equal(faults[0]?.code, code);
    assert.match(faults[0]?.message ?? '', words);
  });
}

test('all faults are found at once, and never show a secret', () => {
  const { faults } = readConfig({ KOPEK_PORT: 'x', KOPEK_SECRET: 'hush-hush', DATABASE_URL: 'q' });
  assert.deepEqual(
    faults.map(({ name }) => name),
    ['KOPEK_PORT', 'DATABASE_URL', 'KOPEK_SECRET'],
  );
  assert.ok(!JSON.stringify(faults).includes('hush'));
});

test('two servers of one start need two ports', () => {
  const shared = { KOPEK_PORT: '5000', OPERATOR_SIMULATOR_PORT: '5000' };
  assert.equal(readConfig(shared).faults[0]?.code, 'KOP-0126');
  assert.deepEqual(readConfig({ ...shared, KOPEK_OPERATOR_SIMULATOR: 'off' }).faults, []);
});

test('the environment wins over .env, and each setting knows where it came from', async (t) => {
  const dotenv = join(await temporaryFolder(t), '.env');
  await writeFile(dotenv, '# mine\nKOPEK_PORT=1234\nexport KOPEK_HOST="0.0.0.0"\nKOPEK_DEMO=off\n');
  const { config, sources } = readConfig({ KOPEK_PORT: '4321', KOPEK_DEMO: '' }, { dotenv });
  assert.equal(config.port, 4321);
  assert.equal(config.host, '0.0.0.0');
  assert.equal(config.demo, true);
  assert.equal(sources.get('KOPEK_PORT'), 'environment');
  assert.equal(sources.get('KOPEK_HOST'), '.env:3');
  assert.equal(sources.get('KOPEK_DEMO'), 'default');
});

test('a fault in .env names its line', async (t) => {
  const dotenv = join(await temporaryFolder(t), '.env');
  await writeFile(dotenv, '\nKOPEK_PORT=ten\n');
  assert.equal(readConfig({}, { dotenv }).faults[0]?.source, '.env:2');
});

test('an unknown setting is reported with the name that was meant', async (t) => {
  const dotenv = join(await temporaryFolder(t), '.env');
  await writeFile(dotenv, 'KOPEK_PROT=1\n');
  const { unknown } = readConfig({ KOPEK_ZEBRA: '1', KOPEK_TEST_SERVER: 'x' }, { dotenv });
  assert.deepEqual(unknown, [
    { name: 'KOPEK_PROT', source: '.env:1', nearest: 'KOPEK_PORT' },
    { name: 'KOPEK_ZEBRA', source: 'environment', nearest: undefined },
  ]);
});

test('.env.example is what the table says, and can be used as it is', async () => {
  const path = join(import.meta.dirname, '..', '.env.example');
  const text = await readFile(path, 'utf8');
  assert.equal(text, exampleText());
  for (const name of settingNames) assert.match(text, new RegExp(`^# ${name}=`, 'm'));
  const values = text.replaceAll(/^# ([A-Z_]+=)/gm, '$1');
  const folder = await temporaryFolder();
  await writeFile(join(folder, '.env'), values);
  assert.deepEqual(readConfig({}, { dotenv: join(folder, '.env') }).faults, []);
});

test('a secret that is not set is made once, for its owner only', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await mkdir(dataDir);
  const made = await Promise.all([1, 2, 3].map(() => secretOf({ secret: '', dataDir })));
  assert.equal(new Set(made).size, 1);
  assert.ok((made[0]?.length ?? 0) >= 32);
  assert.equal((await stat(join(dataDir, 'secret'))).mode & 0o777, 0o600);
  assert.equal(await secretOf({ secret: 'mine', dataDir }), 'mine');
});
