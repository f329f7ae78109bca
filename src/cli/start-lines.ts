import type { Config } from '#config';
import type { StartReport } from './app.ts';
import type { Terminal } from './terminal.ts';

/** What the first twenty lines answer: is it up, where, what now. */
export interface Greeting {
  readonly version: string;
  readonly config: Config;
  readonly report: StartReport;
  readonly lastCharge: Date | undefined;
  /** The file with the demo's key, where there is one. */
  readonly keyFile: string | undefined;
  readonly now: Date;
}

export function titleLine(version: string, config: Config): string {
  const data = config.databaseUrl ? 'data in DATABASE_URL' : `data in ${config.dataDir}/`;
  return `  kopek ${version} · node ${process.versions.node} · ${data}`;
}

/** One line a part. */
export function partLines(terminal: Terminal, greeting: Greeting): string[] {
  const { report } = greeting;
  const tick = terminal.paint('good', '✓');
  const line = (name: string, text: string, mark = tick) => `  ${mark} ${name.padEnd(12)} ${text}`;
  const warning = terminal.paint('warning', '!');
  const away = report.brokers.flatMap((broker) => (broker.away ? [broker.away] : []));
  return [
    line('database', `${databaseText(greeting)}   ${seconds(report.database.readyMs)}`),
    line('bus', busText(greeting.config), away.length > 0 ? warning : tick),
    ...away.map((reason) => line('', `${reason}; messages wait in the database`, ' ')),
    line('processes', report.processes.join('  ')),
    ...(report.simulators.length > 0
      ? [line('simulators', `${report.simulators.join('  ')}   nothing leaves this machine`)]
      : []),
  ];
}

/** Where to click. */
export function placeLines({ config, keyFile, report }: Greeting): string[] {
  const { api, cards, erp, handsets, landing, metrics, phone } = report.urls;
  const line = (name: string, where: string | undefined, what: string) =>
    where === undefined ? [] : [`  ${name.padEnd(13)} ${where.padEnd(38)} ${what}`.trimEnd()];
  return [
    ...line('Landing page', landing, 'subscribe'),
    ...line('Phone', phone, 'be the customer: SMS, balance, STOP'),
    ...line('Handsets', handsets, 'what SMS providers have delivered; answer with STOP'),
    ...line('Card gateway', cards, 'what cards were debited; send a notification again'),
    ...line('ERP', erp, 'what it was asked to pay, and what it paid'),
    ...line('API', api, 'OpenAPI 3.1'),
    ...line('Metrics', metrics, 'Prometheus'),
    ...line('Demo key', keyFile, 'the key of the API is in this file'),
    ...line('Log', logFile(config), ''),
  ];
}

export function logFile(config: Config): string {
  return `${config.dataDir}/kopek.log`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** `amqp at rabbit:5672; invoices.* by kafka at one:9092`: never a user or a password. */
export function busText({ busRoutes, busUrl }: Pick<Config, 'busRoutes' | 'busUrl'>): string {
  const routes = busRoutes.map(({ pattern, url }) => `${pattern} by ${engineText(url)}`);
  return [engineText(busUrl), ...routes].join('; ');
}

function engineText(url: string): string {
  const [, engine = '', place = ''] = /^(\w+?)s?:(?:\/\/)?(?:.*@)?([^?]*)/.exec(url) ?? [];
  return engine === 'postgre' ? 'postgres, same database' : `${engine} at ${place}`;
}

function databaseText({ report, lastCharge, now }: Greeting): string {
  const { database, counts } = report;
  const kind = `PostgreSQL ${database.version}${database.embedded ? ', embedded' : ''}`;
  if (database.created) return `${kind} · created, ${database.migrations} migrations`;
  const migrated = database.migrations > 0 ? ` · ${database.migrations} migrations applied` : '';
  const noun = counts.subscriptions === 1 ? 'subscription' : 'subscriptions';
  const known = `${counts.subscriptions.toLocaleString('en-GB')} ${noun}`;
  const charged = lastCharge ? `last charge ${ago(now, lastCharge)}` : 'nothing charged yet';
  return `${kind}${migrated} · ${known}, ${charged}`;
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** `3 h ago` */
export function ago(now: Date, then: Date): string {
  const past = Math.max(0, Math.round((now.getTime() - then.getTime()) / 1000));
  const [size, unit] = UNITS.find(([unitSeconds]) => past >= unitSeconds) ?? [1, 's'];
  return `${Math.floor(past / size)} ${unit} ago`;
}
