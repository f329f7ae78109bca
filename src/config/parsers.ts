import { isIP } from 'node:net';
import { SettingFault } from './setting.ts';

const PORT_MAX = 65_535;

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port >= 1 && port <= PORT_MAX) return port;
  throw new SettingFault('KOP-0120', `"${text}" is not a port (a whole number, 1 to ${PORT_MAX})`);
}

const PRIORITY_FIRST = -20;
const PRIORITY_LAST = 19;

/** A place among the processes of a machine, as `nice` counts. */
export function parsePriority(text: string): number {
  const place = Number(text);
  if (/^-?[0-9]+$/.test(text) && place >= PRIORITY_FIRST && place <= PRIORITY_LAST) return place;
  const why = `"${text}" is not a whole number from ${PRIORITY_FIRST} (first) to ${PRIORITY_LAST} (last)`;
  throw new SettingFault('KOP-0120', why);
}

/** A whole number of things. */
export function parseCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^[0-9]+$/.test(text) && count >= least && count <= most) return count;
    throw new SettingFault('KOP-0120', `"${text}" is not a whole number from ${least} to ${most}`);
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const TIME_LEAST_MS = 10;
const TIME_MOST_MS = 24 * 3_600_000;

/** `250ms`, `1s`, `5m`, `1h`: in milliseconds. */
export function parseTime(text: string): number {
  const [, digits = '', unit = ''] = /^([0-9]{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS_MS[unit] ?? 0);
  if (ms >= TIME_LEAST_MS && ms <= TIME_MOST_MS) return ms;
  throw new SettingFault('KOP-0128', `"${text}" is not a time from ${TIME_LEAST_MS}ms to 24h`, {
    instead: '250ms, 1s, 5m or 1h',
  });
}

export function parseSwitch(text: string): boolean {
  if (['on', 'true', 'yes', '1'].includes(text.toLowerCase())) return true;
  if (['off', 'false', 'no', '0'].includes(text.toLowerCase())) return false;
  throw new SettingFault('KOP-0121', `"${text}" is neither on nor off`);
}

/** A choice of words. */
export function parseChoice<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text.toLowerCase());
    if (word) return word;
    throw new SettingFault('KOP-0122', `"${text}" is none of: ${words.join(', ')}`);
  };
}

/** An address to listen on, or a host name. */
export function parseHost(text: string): string {
  if (isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text)) return text;
  throw new SettingFault('KOP-0123', `"${text}" is not an address or a host name`, {
    instead: '127.0.0.1 (this machine only) or 0.0.0.0 (all networks)',
  });
}

export function parseFolder(text: string): string {
  if (!text.includes('\0') && text.trim() === text) return text;
  throw new SettingFault('KOP-0124', 'is not the name of a folder');
}

/** Where the site is reached: the base of every link that leaves in an SMS, without a slash at its end. */
export function parsePublicUrl(text: string): string {
  const url = readUrl(text);
  if (!['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username) {
    throw new SettingFault('KOP-0125', 'is not a plain http or https URL', {
      instead: 'https://pay.example.com',
    });
  }
  return text.replace(/\/+$/, '');
}

/** Another service of the house, which is called over HTTP. Empty: it is in this process. */
export function parseServiceUrl(text: string): string {
  return text === '' ? text : parsePublicUrl(text);
}

/** Empty: a PostgreSQL of our own under the data folder. */
export function parseDatabaseUrl(text: string): string {
  if (text === '') return text;
  if (['postgres:', 'postgresql:'].includes(readUrl(text).protocol)) return text;
  throw new SettingFault('KOP-0211', 'is not the URL of a PostgreSQL database', {
    instead: 'postgres://user:password@host:5432/database',
  });
}

const AMQP_URL = /^amqps?:\/\/\S+$/;
const KAFKA_URL =
  /^kafkas?:\/\/(?:[^:@/?\s]+:[^@/?\s]*@)?[\w.-]+(?::\d+)?(?:,[\w.-]+(?::\d+)?)*\/?(?:\?mechanism=[\w-]+)?$/;

/** `postgres:` is the very database that `DATABASE_URL` names. */
export function parseBusUrl(text: string): string {
  if (text === 'postgres:' || KAFKA_URL.test(text)) return text;
  if (AMQP_URL.test(text) && URL.canParse(text) && new URL(text).hostname !== '') return text;
  throw new SettingFault('KOP-0310', 'names no engine that carries messages', {
    why: 'they go through the same database, through RabbitMQ, or through Kafka',
    instead: 'postgres: or amqp://user:password@host:5672 or kafka://host:9092,host:9092',
  });
}

export interface TopicRoute {
  readonly pattern: string;
  readonly url: string;
}

/** A route ends where the next one begins: a URL of Kafka may hold commas, too. */
const ROUTE_END = /\s*,\s*(?=[\w.*{}-]+=(?:postgres|amqps?|kafkas?):)/;
const ROUTE = /^([\w.*-]+)=(.+)$/;

/** `pattern=URL`, parted by commas. */
export function parseBusRoutes(text: string): readonly TopicRoute[] {
  if (text.trim() === '') return [];
  const routes = text.trim().split(ROUTE_END).map(readRoute);
  const kinds = Map.groupBy(routes, ({ url }) => url.replace(/s?:.*/s, ''));
  for (const [kind, ofKind] of kinds) {
    if (new Set(ofKind.map(({ url }) => url)).size < 2) continue;
    throw new SettingFault('KOP-0311', `names two different ${kind}: URLs`, {
      why: 'topics can go to one broker of a kind',
    });
  }
  return routes;
}

function readRoute(text: string): TopicRoute {
  const [, pattern, url] = ROUTE.exec(text) ?? [];
  if (pattern === undefined || url === undefined) {
    throw new SettingFault('KOP-0311', 'is no list of topic=URL', {
      instead: 'billing-payout.*=kafka://host:9092, sms_events=postgres:',
    });
  }
  return { pattern, url: parseBusUrl(url) };
}

/** As both brokers take it. */
export function parseTopicPrefix(text: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(text)) return text;
  throw new SettingFault('KOP-0330', `"${text}" can not begin the name of a topic`, {
    instead: 'letters, digits, dots, dashes and underscores, such as billing-payout',
  });
}

export interface DebtorAccount {
  readonly currency: string;
  readonly account: string;
  readonly bank: string;
}

/** `EUR=DE89…/COBADEFFXXX, JPY=0012345`; the account itself is checked where it is used. */
export function parseDebtors(text: string): readonly DebtorAccount[] {
  const parts = text.split(',').map((part) => part.trim());
  const debtors = parts.filter((part) => part !== '').map(readDebtor);
  const currencies = new Set(debtors.map(({ currency }) => currency));
  if (currencies.size === debtors.length) return debtors;
  throw new SettingFault('KOP-0331', 'names two accounts of one currency');
}

function readDebtor(part: string): DebtorAccount {
  const [, currency, account, bank = ''] =
    /^([A-Z]{3})=([\w.\- ]+)(?:\/([\w:]+))?$/.exec(part) ?? [];
  if (currency !== undefined && account !== undefined) return { currency, account, bank };
  throw new SettingFault('KOP-0331', `"${part}" is no currency=account/bank`, {
    instead: 'EUR=DE89370400440532013000/COBADEFFXXX, JPY=0012345',
  });
}

/** `RUB=500000, PKR=1000000`: minor units by currency. */
export function parseAmounts(text: string): ReadonlyMap<string, bigint> {
  if (text.trim() === '') return new Map();
  const amounts = text.split(',').map((part): readonly [string, bigint] => {
    const [, currency, minor] = /^\s*([A-Z]{3})\s*=\s*([0-9]{1,15})\s*$/.exec(part) ?? [];
    if (currency !== undefined && minor !== undefined) return [currency, BigInt(minor)];
    throw new SettingFault('KOP-0140', `"${part.trim()}" is not a currency and its minor units`, {
      instead: 'RUB=50000000, PKR=10000000',
    });
  });
  const twice = amounts.find(
    ([currency], at) => amounts.findIndex(([one]) => one === currency) < at,
  );
  if (twice) throw new SettingFault('KOP-0140', `names ${twice[0]} twice`);
  return new Map(amounts);
}

const SECRET_LENGTH_MIN = 32;

/** Empty: made once and kept in a file. */
export function parseSecret(text: string): string {
  if (text === '' || text.length >= SECRET_LENGTH_MIN) return text;
  const fault = `has ${text.length} letters, at least ${SECRET_LENGTH_MIN} are needed`;
  throw new SettingFault('KOP-0130', fault, {
    why: 'forms and links are signed with it: whoever guesses it can forge a consent',
    instead: 'the output of: openssl rand -base64 48',
  });
}

/** Addresses and CIDR blocks, parted by commas. */
export function parseAddressRanges(text: string): readonly string[] {
  const ranges = text.split(',').map((range) => range.trim());
  return ranges.filter((range) => range !== '').map(readRange);
}

function readRange(range: string): string {
  const [address = '', bits, ...rest] = range.split('/');
  const version = isIP(address);
  const bitsMax = version === 6 ? 128 : 32;
  const count = bits === undefined ? bitsMax : Number(bits);
  const wellFormed = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && count <= bitsMax);
  if (version === 0 || rest.length > 0 || !wellFormed) {
    throw new SettingFault('KOP-0430', `"${range}" is not an address or a range`, {
      instead: '10.0.0.7 or 10.0.0.0/8, parted by commas',
    });
  }
  if (count === 0) {
    throw new SettingFault('KOP-0431', `${range} would let anyone name any phone number`, {
      why: "forwarded addresses and the operator's number header are believed from these addresses",
      instead: 'the addresses of your own proxies only',
    });
  }
  return range;
}

function readUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new SettingFault('KOP-0125', 'is not a URL');
}
