import { readFileSync } from 'node:fs';
import { cardSettings } from './config/cards.ts';
import { type FileValue, readDotenv } from './config/dotenv.ts';
import { writeExample } from './config/example.ts';
import { nearest } from './config/nearest.ts';
import * as parse from './config/parsers.ts';
import { processPort } from './config/process-port.ts';
import { type Setting, SettingFault, setting } from './config/setting.ts';
import { simulatorSettings } from './config/simulators.ts';

export { nearest } from './config/nearest.ts';
export { secretOf } from './config/secret.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const LOCALES = ['en', 'ru'] as const;

const ERP_GATES = ['oebs', 'iso20022'] as const;

/** Every setting there is, in the order in which it is shown; a fallback may follow those above it. */
const SETTINGS = {
  port: setting({
    name: 'KOPEK_PORT',
    kind: 'port',
    sentence: 'Port of the site and the API.',
    fallback: '50300',
    parse: parse.parsePort,
  }),
  dispatcherPort: setting({
    name: 'DISPATCHER_PORT',
    kind: 'port',
    sentence: 'Port of dispatcher, which is the site: KOPEK_PORT unless it is told otherwise.',
    fallback: (above) => String(above('KOPEK_PORT')),
    fallbackShown: '50300',
    parse: parse.parsePort,
  }),
  host: setting({
    name: 'KOPEK_HOST',
    kind: 'address',
    sentence: 'Address to listen on; 0.0.0.0 lets other machines in.',
    fallback: '127.0.0.1',
    parse: parse.parseHost,
  }),
  dataDir: setting({
    name: 'KOPEK_DATA_DIR',
    kind: 'folder',
    sentence: 'Where Kopek keeps what must outlive it: the embedded database, its secret, its log.',
    fallback: '.kopek',
    parse: parse.parseFolder,
  }),
  databaseUrl: setting({
    name: 'DATABASE_URL',
    kind: 'URL',
    sentence: 'A PostgreSQL 15 or newer; empty means one of our own under KOPEK_DATA_DIR.',
    fallback: '',
    secret: true,
    parse: parse.parseDatabaseUrl,
  }),
  busUrl: setting({
    name: 'BUS_URL',
    kind: 'URL',
    sentence:
      'What carries the messages between processes: postgres: is the same database, amqp://… is RabbitMQ, ' +
      'kafka://… is Kafka.',
    fallback: 'postgres:',
    secret: true,
    parse: parse.parseBusUrl,
  }),
  busRoutes: setting({
    name: 'BUS_ROUTES',
    kind: 'topic=URL, parted by commas; * in a topic stands for any letters',
    sentence: 'Topics that go elsewhere than to BUS_URL; the first that matches holds.',
    fallback: '',
    secret: true,
    parse: parse.parseBusRoutes,
  }),
  secret: setting({
    name: 'KOPEK_SECRET',
    kind: 'at least 32 letters',
    sentence:
      'Signs forms and links, and must be the same for all processes; empty means made once into the file ' +
      'secret under KOPEK_DATA_DIR.',
    fallback: '',
    secret: true,
    parse: parse.parseSecret,
  }),
  publicUrl: setting({
    name: 'KOPEK_PUBLIC_URL',
    kind: 'URL',
    sentence: 'Where customers reach the site: the beginning of every link that leaves in an SMS.',
    fallback: (above) => `http://localhost:${above('DISPATCHER_PORT')}`,
    fallbackShown: 'http://localhost:50300',
    parse: parse.parsePublicUrl,
  }),
  locale: setting({
    name: 'KOPEK_LOCALE',
    kind: LOCALES.join(' or '),
    sentence:
      'Language of the pages and messages of customers, where neither they nor their browsers have chosen one.',
    fallback: 'en',
    parse: parse.parseChoice(LOCALES),
  }),
  trustedProxies: setting({
    name: 'KOPEK_TRUSTED_PROXIES',
    kind: 'addresses and CIDR blocks, parted by commas',
    sentence:
      "Your own proxies: forwarded addresses and the operator's number header are believed from these only.",
    fallback: '',
    parse: parse.parseAddressRanges,
  }),
  accountTypes: setting({
    name: 'LEDGER_ACCOUNT_TYPES',
    kind: 'file',
    sentence:
      'The YAML file of account types of the ledger with their rules; empty means the one that comes with Kopek.',
    fallback: '',
    parse: (text) => text,
  }),
  payoutAccountsUrl: setting({
    name: 'PAYOUT_ACCOUNTS_URL',
    kind: 'URL',
    sentence:
      'Where the gates of payouts reach the system of accounts (a process `accounts`); empty means in their own process.',
    fallback: '',
    parse: parse.parseServiceUrl,
  }),
  payoutAccountsKey: setting({
    name: 'PAYOUT_ACCOUNTS_KEY',
    kind: 'API key',
    sentence:
      'With it they call PAYOUT_ACCOUNTS_URL; it needs the scopes ledger:read and ledger:write.',
    fallback: '',
    secret: true,
    parse: (text) => text,
  }),
  payoutReqGateIntervalMs: setting({
    name: 'PAYOUT_REQ_GATE_INTERVAL',
    kind: 'time, such as 250ms, 1s or 5m',
    sentence:
      'How often req-gate looks for new payout requests; a full batch is followed by the next at once.',
    fallback: '1s',
    parse: parse.parseTime,
  }),
  payoutRequestLimit: setting({
    name: 'PAYOUT_REQUEST_LIMIT',
    kind: '1 to 1000',
    sentence: 'How many payout requests req-gate takes at once.',
    fallback: '100',
    parse: parse.parseCount(1, 1000),
  }),
  payoutTopicPrefix: setting({
    name: 'PAYOUT_TOPIC_PREFIX',
    kind: 'name',
    sentence: "What stands before .oebs. in the names of the ERP's topics.",
    fallback: 'billing-payout',
    parse: parse.parseTopicPrefix,
  }),
  payoutErpGate: setting({
    name: 'PAYOUT_ERP_GATE',
    kind: ERP_GATES.join(', '),
    sentence:
      'Who makes the payouts: the ERP over its topics (oebs), or a bank by files of orders (iso20022: kopek payouts export).',
    fallback: 'oebs',
    parse: parse.parseChoice(ERP_GATES),
  }),
  payoutDebtorName: setting({
    name: 'PAYOUT_DEBTOR_NAME',
    kind: 'name',
    sentence: 'Who pays, as the bank knows it: stands in files of orders.',
    fallback: '',
    parse: (text) => text,
  }),
  payoutDebtors: setting({
    name: 'PAYOUT_DEBTORS',
    kind: 'currency=account/bank, parted by commas',
    sentence:
      'The accounts that files of orders are paid from, one for each currency; the bank is a BIC or may be left out.',
    fallback: '',
    parse: parse.parseDebtors,
  }),
  accountsPort: processPort('ACCOUNTS_PORT', 'accounts', '50301'),
  payoutOebsGateIntervalMs: setting({
    name: 'PAYOUT_OEBS_GATE_INTERVAL',
    kind: 'time, such as 250ms, 1s or 5m',
    sentence:
      'How often oebs-gate looks for payouts to be sent; a full batch is followed by the next at once.',
    fallback: '1s',
    parse: parse.parseTime,
  }),
  payoutSenderLimit: setting({
    name: 'PAYOUT_SENDER_LIMIT',
    kind: '1 to 1000',
    sentence: 'How many payouts oebs-gate takes at once.',
    fallback: '100',
    parse: parse.parseCount(1, 1000),
  }),
  payoutApprovalAbove: setting({
    name: 'PAYOUT_APPROVAL_ABOVE',
    kind: 'currency=minor units, parted by commas',
    sentence:
      'Payouts above it wait for two people to approve them; a currency that is not named needs nobody. ' +
      "A client's own limit comes before it.",
    fallback: '',
    parse: parse.parseAmounts,
  }),
  payoutApprovalDays: setting({
    name: 'PAYOUT_APPROVAL_DAYS',
    kind: '1 to 365',
    sentence: 'After how many days a payout that nobody has approved is cancelled.',
    fallback: '30',
    parse: parse.parseCount(1, 365),
  }),
  payoutSilenceHours: setting({
    name: 'PAYOUT_SILENCE_LIMIT',
    kind: 'hours, 1 to 2160',
    sentence:
      'After how many hours without a word of the ERP a payout that was sent is shown as silent.',
    fallback: '24',
    parse: parse.parseCount(1, 2160),
  }),
  logLevel: setting({
    name: 'KOPEK_LOG_LEVEL',
    kind: LOG_LEVELS.join(', '),
    sentence: 'How much is logged.',
    fallback: 'info',
    parse: parse.parseChoice(LOG_LEVELS),
  }),
  priority: setting({
    name: 'KOPEK_PRIORITY',
    kind: 'whole number from -20 to 19',
    sentence:
      'The place of a process among those of its machine: -20 goes first, 19 last; below 0 needs root or CAP_SYS_NICE.',
    fallback: '0',
    parse: parse.parsePriority,
  }),
  demo: setting({
    name: 'KOPEK_DEMO',
    kind: 'on or off',
    sentence:
      'Whether `kopek up` fills an empty database with a demo and lets a first customer arrive.',
    fallback: 'on',
    parse: parse.parseSwitch,
  }),
  ...simulatorSettings,
  payoutApiPort: processPort('PAYOUT_API_PORT', 'payout-api', '50302'),
  reqGatePort: processPort('REQ_GATE_PORT', 'req-gate', '50303'),
  oebsGatePort: processPort('OEBS_GATE_PORT', 'oebs-gate', '50307'),
  qlistenerPort: processPort('QLISTENER_PORT', 'qlistener', '50304'),
  mtManagerPort: processPort('MT_MANAGER_PORT', 'mt-manager', '50305'),
  telcoPort: processPort('TELCO_PORT', 'telco', '50306'),
  smsRulesPort: processPort('SMS_RULES_PORT', 'sms-rules', '50308'),
  smsApiPort: processPort('SMS_API_PORT', 'sms-api', '50309'),
  smsSenderPort: processPort('SMS_SENDER_PORT', 'sms-sender', '50310'),
  ...cardSettings,
  clientAdminPort: processPort('CLIENT_ADMIN_PORT', 'client-admin', '50315'),
  webhookPrivateRanges: setting({
    name: 'WEBHOOK_PRIVATE_RANGES',
    kind: 'addresses and CIDR blocks, parted by commas',
    sentence:
      'Private addresses that webhooks may be sent to all the same; without it none: a receiver must not be able to make ' +
      'Kopek call its own neighbours.',
    fallback: '',
    parse: parse.parseAddressRanges,
  }),
} as const;

type Settings = typeof SETTINGS;

/** All settings, read and checked. `secret` may be empty: ask `secretOf`. */
export type Config = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

/** A setting that can't be used. */
export interface ConfigFault {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly why: string | undefined;
  readonly instead: string | undefined;
  /** `environment`, `.env:31`, `default` */
  readonly source: string;
}

/** A name that looks like a setting and is none. */
export interface UnknownSetting {
  readonly name: string;
  readonly nearest: string | undefined;
  readonly source: string;
}

export interface ConfigReading {
  /** Where a setting is at fault its default stands in: for showing, not for starting. */
  readonly config: Config;
  readonly faults: readonly ConfigFault[];
  readonly unknown: readonly UnknownSetting[];
  /** Where each setting came from, by its variable. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface ConfigOptions {
  /** A `.env` file; it need not be there. */
  readonly dotenv?: string;
}

/** All settings as they are declared, in the order in which they are shown. */
export const settings: readonly Setting<unknown>[] = Object.values(SETTINGS);

/** The names of all settings, as they are shown. */
export const settingNames: readonly string[] = settings.map(({ name }) => name);

/** Whether the person asked for no colours (no-color.org); not a setting of Kopek. */
export function wantsNoColour(env: NodeJS.ProcessEnv = process.env): boolean {
  return (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
}

/** What `.env.example` must be. */
export function exampleText(): string {
  return writeExample(settings);
}

/** Reads every setting and finds all that is wrong at once. `env` is `process.env` unless a test says so. */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  options: ConfigOptions = {},
): ConfigReading {
  const file = options.dotenv === undefined ? new Map<string, FileValue>() : load(options.dotenv);
  const faults: ConfigFault[] = [];
  const sources = new Map<string, string>();
  const values = new Map<string, unknown>();
  const entries = Object.entries(SETTINGS).map(([key, declared]) => {
    const { text, source } = find(declared, env, file);
    sources.set(declared.name, source);
    const value = readValue(declared, { text, source, values, faults });
    values.set(declared.name, value);
    return [key, value];
  });
  const config = Object.fromEntries(entries) as Config;
  faults.push(
    ...findSharedPorts(config, sources),
    ...findSecondBroker(config, sources),
    ...findMissingKey(config, sources),
  );
  return { config, faults, unknown: findUnknown(env, file), sources };
}

function load(path: string): ReadonlyMap<string, FileValue> {
  try {
    return readDotenv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

/** The environment wins, even with an empty value: that is how `.env` is overruled for one start. */
function find(
  { name }: Setting<unknown>,
  env: NodeJS.ProcessEnv,
  file: ReadonlyMap<string, FileValue>,
): { readonly text: string; readonly source: string } {
  const inFile = file.get(name);
  const text = env[name] ?? inFile?.value ?? '';
  if (text === '') return { text, source: 'default' };
  return { text, source: env[name] === undefined ? `.env:${inFile?.line}` : 'environment' };
}

function readValue(
  declared: Setting<unknown>,
  from: {
    readonly text: string;
    readonly source: string;
    readonly values: ReadonlyMap<string, unknown>;
    readonly faults: ConfigFault[];
  },
): unknown {
  const { fallback } = declared;
  const byDefault = () =>
    declared.parse(
      typeof fallback === 'string' ? fallback : fallback((name) => from.values.get(name)),
    );
  if (from.text === '') return byDefault();
  try {
    return declared.parse(from.text);
  } catch (error) {
    if (!(error instanceof SettingFault)) throw error;
    const { code, message, why, instead } = error;
    from.faults.push({ name: declared.name, code, message, why, instead, source: from.source });
    return byDefault();
  }
}

/** What `kopek up` opens side by side. */
function findSharedPorts(config: Config, sources: ReadonlyMap<string, string>): ConfigFault[] {
  const taken = new Map([[config.dispatcherPort, 'the port of the site too (KOPEK_PORT)']]);
  const simulators = [
    [config.operatorSimulator, config.operatorSimulatorPort, 'OPERATOR_SIMULATOR_PORT'],
    [config.erpSimulator, config.erpSimulatorPort, 'ERP_SIMULATOR_PORT'],
    [config.smsSimulator, config.smsSimulatorPort, 'SMS_SIMULATOR_PORT'],
    [config.cardSimulator, config.cardSimulatorPort, 'CARD_SIMULATOR_PORT'],
    [config.processingSimulator, config.processingSimulatorPort, 'PROCESSING_SIMULATOR_PORT'],
  ] as const;
  return simulators.flatMap(([isOn, port, name]) => {
    if (!isOn) return [];
    const by = taken.get(port);
    taken.set(port, `${name} too`);
    if (by === undefined) return [];
    return [
      {
        ...{ name, code: 'KOP-0126', message: `${port} is ${by}`, why: undefined },
        ...{ instead: String(port + 1), source: sources.get(name) ?? 'default' },
      },
    ];
  });
}

/** What waits for a kind of broker is one table, so there is one of each kind. */
function findSecondBroker(
  { busRoutes, busUrl }: Config,
  sources: ReadonlyMap<string, string>,
): ConfigFault[] {
  const kindOf = (url: string) => url.replace(/s?:.*/s, '');
  const second = busRoutes.find(
    ({ url }) => url !== busUrl && kindOf(url) === kindOf(busUrl) && kindOf(url) !== 'postgre',
  );
  if (!second) return [];
  return [
    {
      name: 'BUS_ROUTES',
      code: 'KOP-0311',
      message: `names another ${kindOf(busUrl)}: URL than BUS_URL`,
      why: 'topics can go to one broker of a kind',
      instead: undefined,
      source: sources.get('BUS_ROUTES') ?? 'default',
    },
  ];
}

/** The system of accounts tells nobody anything without a key. */
function findMissingKey(
  { payoutAccountsKey, payoutAccountsUrl }: Config,
  sources: ReadonlyMap<string, string>,
): ConfigFault[] {
  if (payoutAccountsUrl === '' || payoutAccountsKey !== '') return [];
  return [
    {
      name: 'PAYOUT_ACCOUNTS_KEY',
      code: 'KOP-0131',
      message: 'is empty, but PAYOUT_ACCOUNTS_URL is set',
      why: 'the system of accounts answers nobody without an API key',
      instead: 'a key with the scopes ledger:read and ledger:write',
      source: sources.get('PAYOUT_ACCOUNTS_KEY') ?? 'default',
    },
  ];
}

/** Of the tests, which find their database server by it. */
const NOT_OURS = /^KOPEK_TEST_/;

function findUnknown(
  env: NodeJS.ProcessEnv,
  file: ReadonlyMap<string, FileValue>,
): UnknownSetting[] {
  const strange = (name: string) => !settingNames.includes(name) && !NOT_OURS.test(name);
  const inFile = [...file].map(([name, { line }]) => ({ name, source: `.env:${line}` }));
  const inEnvironment = Object.keys(env)
    .filter((name) => name.startsWith('KOPEK_') && !file.has(name))
    .map((name) => ({ name, source: 'environment' }));
  return [...inFile, ...inEnvironment]
    .filter(({ name }) => strange(name))
    .map(({ name, source }) => ({ name, source, nearest: nearest(name, settingNames) }));
}
