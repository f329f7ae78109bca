import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '#clock';
import type { Config } from '#config';
import { demoLender, demoPartner, demoShop } from '#demo';
import { createReading } from '#ledger';
import { createLog } from '#log';
import { readClientStory, type StoryEvent } from '#reports';
import { type App, PROCESS_NAMES } from './app.ts';
import type { Call, Command } from './command.ts';
import { eventLine } from './event-line.ts';
import { buyFirstMonth, FIRST_CARD } from './first-card.ts';
import { letCustomerSubscribe } from './first-customer.ts';
import { type FirstMessagesOptions, firstRecipients, sendFirstMessages } from './first-messages.ts';
import { askForPayout, type FirstPayoutOptions } from './first-payout.ts';
import { printLive } from './live-events.ts';
import { mustBeFree } from './ports.ts';
import { mustReadConfig } from './settings.ts';
import {
  type Greeting,
  logFile,
  partLines,
  placeLines,
  seconds,
  titleLine,
} from './start-lines.ts';
import { stayUntilStopped } from './stay.ts';
import type { Terminal } from './terminal.ts';

/** Not the number that a person tries first, whose own walk must find nothing there. */
const FIRST_CUSTOMER = { number: '0300 9102201', phone: '923009102201', msisdn: '+923009102201' };
const STORY_MOST = 200;
/** After the content's link has gone out the story may rest. */
const STORY_PATIENCE_MS = 15_000;
const READY_INTERVAL_MS = 500;

export const up: Command = {
  usage: 'up [--json]',
  help: `Starts the database (an embedded PostgreSQL unless DATABASE_URL is set), the bus, all processes, the
simulators of the operator, of the ERP, of SMS providers, of a card gateway and of processing, and a demo with a first
customer. Ctrl-C stops it within five seconds.

The operator keeps balances and a book of debits of its own, at /ledger: what Kopek says it charged can be compared
with what the operator says. So does the ERP with what it paid, at /book, and SMS providers with what handsets received,
at /ledger.

--json     {"type":"ready",…} when it is up`,
  options: { json: { type: 'boolean' } },
  words: { least: 0, most: 0 },
  async run(call) {
    const config = mustReadConfig(call);
    await mustBeFree(wantedPorts(config));
    if (!call.values.json) call.terminal.out(`\n${titleLine(call.version, config)}\n`);
    const log = createLog({ level: config.logLevel, file: logFile(config) });
    return stayUntilStopped(call, {
      start: () =>
        call.startApp({
          ...{ config, log, processes: PROCESS_NAMES },
          ...{ demo: config.demo, simulator: config.operatorSimulator },
          erpSimulator: config.erpSimulator,
          smsSimulator: config.smsSimulator,
          cardSimulator: config.cardSimulator,
          processingSimulator: config.processingSimulator,
          ownDoors: ['payments-api'],
        }),
      present: (app, signal) => present(call, { app, config, signal }),
    });
  },
};

function wantedPorts(config: Config) {
  const { dispatcherPort: port, host, operatorSimulator, operatorSimulatorPort } = config;
  const simulator = { port: operatorSimulatorPort, setting: 'OPERATOR_SIMULATOR_PORT', host };
  const erp = { port: config.erpSimulatorPort, setting: 'ERP_SIMULATOR_PORT', host };
  const sms = { port: config.smsSimulatorPort, setting: 'SMS_SIMULATOR_PORT', host };
  const cards = { port: config.cardSimulatorPort, setting: 'CARD_SIMULATOR_PORT', host };
  const processing = {
    ...{ port: config.processingSimulatorPort, setting: 'PROCESSING_SIMULATOR_PORT', host },
  };
  return [
    { port, setting: port === config.port ? 'KOPEK_PORT' : 'DISPATCHER_PORT', host },
    ...(operatorSimulator ? [simulator] : []),
    ...(config.erpSimulator ? [erp] : []),
    ...(config.smsSimulator ? [sms] : []),
    ...(config.cardSimulator ? [cards] : []),
    ...(config.processingSimulator ? [processing] : []),
    { port: config.paymentsApiPort, setting: 'PAYMENTS_API_PORT', host },
  ];
}

interface Presented {
  readonly app: App;
  readonly config: Config;
  readonly signal: AbortSignal;
}

async function present(call: Call, { app, config, signal }: Presented): Promise<void> {
  const { terminal, version } = call;
  const { report } = app;
  if (call.values.json) {
    terminal.out(JSON.stringify({ type: 'ready', ...report }));
    return;
  }
  const lastCharge = await app.reports.lastCharge();
  const keyFile = [join(config.dataDir, 'demo-key')].find((file) => existsSync(file));
  const greeting: Greeting = { version, config, report, lastCharge, keyFile, now: new Date() };
  for (const line of partLines(terminal, greeting)) terminal.out(line);
  terminal.out(`\n  ${terminal.paint('strong', `Ready in ${seconds(report.readyMs)}`)}\n`);
  for (const line of placeLines(greeting)) terminal.out(line);
  const { landing, phone } = report.urls;
  if (report.demo.created && landing && phone) {
    if (report.brokers.some(({ away }) => away !== undefined)) {
      terminal.out('\n  A first customer arrives when the bus answers.');
      await untilReady(app, signal);
    }
    if (!signal.aborted) await showFirstCustomer(terminal, { app, signal, landing, phone });
    const { site } = report.urls;
    if (!signal.aborted && site && keyFile)
      await showFirstPayout(terminal, { app, signal, apiUrl: site, keyFile });
    if (!signal.aborted && site && keyFile && report.urls.cards)
      await showFirstCard(terminal, { app, signal, apiUrl: site, keyFile }, report.urls.cards);
    if (!signal.aborted && site && keyFile && report.urls.handsets)
      await showFirstMessages(terminal, { app, signal, apiUrl: site, keyFile });
  }
  terminal.out(
    `\n  Ctrl-C stops it.   ${terminal.paint('quiet', 'kopek --help tells what else there is.')}`,
  );
}

/** Or until `signal` asks to stop. */
async function untilReady({ bus }: App, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isReady = await bus.ready().then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await new Promise((done) => setTimeout(done, READY_INTERVAL_MS));
  }
}

interface FirstCustomer {
  readonly app: App;
  readonly signal: AbortSignal;
  readonly landing: string;
  readonly phone: string;
}

/** A real customer over HTTP, and beside it what Kopek writes down. */
async function showFirstCustomer(terminal: Terminal, of: FirstCustomer): Promise<void> {
  terminal.out('\n  A first customer arrives by itself:');
  const beganMs = performance.now();
  const end = new AbortController();
  const signal = AbortSignal.any([of.signal, end.signal, AbortSignal.timeout(STORY_PATIENCE_MS)]);
  const { msisdn } = FIRST_CUSTOMER;
  let firstChargeMs: number | undefined;
  const print = (event: StoryEvent) => {
    terminal.out(eventLine(event, terminal));
    if (event.kind === 'payment.accepted') firstChargeMs ??= performance.now() - beganMs;
    if (isLast(event)) end.abort();
  };
  const walking = letCustomerSubscribe({
    ...{ ...FIRST_CUSTOMER, landingUrl: of.landing, simulatorUrl: of.phone, signal },
  }).catch((error) => {
    if (!signal.aborted) terminal.out(`  The first customer got lost: ${error.message}`);
    end.abort();
  });
  const read = () => of.app.reports.newest(msisdn, STORY_MOST);
  await Promise.all([walking, printLive({ read, print, signal })]);
  if (firstChargeMs !== undefined) {
    terminal.out(
      `\n  First kopek after ${seconds(firstChargeMs)}.   Follow it:  npx kopek follow ${msisdn}`,
    );
  }
}

interface FirstPayout extends Omit<FirstPayoutOptions, 'clientId'> {
  readonly app: App;
}

/** The partner whose content was sold asks for its share, and is paid by the simulated ERP. */
async function showFirstPayout(terminal: Terminal, of: FirstPayout): Promise<void> {
  terminal.out('\n  Its partner asks for a payout:');
  const end = new AbortController();
  const signal = AbortSignal.any([of.signal, end.signal, AbortSignal.timeout(STORY_PATIENCE_MS)]);
  const { database } = of.app;
  const from = {
    executor: database.pool,
    ledger: createReading({ database, clock: createSystemClock() }),
  };
  const print = (event: StoryEvent) => {
    terminal.out(eventLine(event, terminal));
    if (event.kind === 'payout.paid') end.abort();
  };
  const asking = askForPayout({ ...of, clientId: demoPartner }).catch((error) => {
    if (!signal.aborted) terminal.out(`  The partner was not heard: ${error.message}`);
    end.abort();
  });
  const read = () => readClientStory(from, { clientId: demoPartner, limit: STORY_MOST });
  await Promise.all([asking, printLive({ read, print, signal })]);
  if (end.signal.aborted)
    terminal.out(`\n  Paid.   Follow it:  npx kopek follow --client ${demoPartner}`);
}

/** A shop's customer pays by card, on the widget of the simulated gateway. */
async function showFirstCard(
  terminal: Terminal,
  of: FirstPayout,
  gatewayPage: string,
): Promise<void> {
  terminal.out('\n  A shop sells a month by card:');
  const end = new AbortController();
  const signal = AbortSignal.any([of.signal, end.signal, AbortSignal.timeout(STORY_PATIENCE_MS)]);
  const { msisdn } = FIRST_CARD;
  const print = (event: StoryEvent) => {
    terminal.out(eventLine(event, terminal));
    if (event.kind === 'subscription.charged') end.abort();
  };
  const buying = buyFirstMonth({
    ...{ ...of, signal, gatewayUrl: gatewayPage.replace(/\/$/, '') },
    ...{ plan: demoShop.plan, priceMinor: demoShop.priceMinor },
  }).catch((error) => {
    if (!signal.aborted) terminal.out(`  The card was not taken: ${error.message}`);
    end.abort();
  });
  const read = () => of.app.reports.newest(msisdn, STORY_MOST);
  await Promise.all([buying, printLive({ read, print, signal })]);
  if (end.signal.aborted) terminal.out(`\n  Sold.   Follow it:  npx kopek follow ${msisdn}`);
}

interface FirstMessages extends Omit<FirstMessagesOptions, 'entity'> {
  readonly app: App;
}

/** What became of all three: one is on its handset, one waits for its hours or is on its handset, one is refused. */
const ENDED: ReadonlySet<string> = new Set(['sms.delivered', 'sms.deferred', 'sms.rejected']);

/** A lender sends three messages, and the rules say of each what may become of it. */
async function showFirstMessages(terminal: Terminal, of: FirstMessages): Promise<void> {
  terminal.out('\n  A lender sends three messages, and the laws have a word in it:');
  const end = new AbortController();
  const signal = AbortSignal.any([of.signal, end.signal, AbortSignal.timeout(STORY_PATIENCE_MS)]);
  const msisdns = Object.values(firstRecipients);
  const waiting = new Set<string>(msisdns);
  let told = '';
  const print = (event: StoryEvent & { readonly story: string }) => {
    terminal.out(eventLine(event, terminal));
    if (event.story === firstRecipients.debtor) told = event.subject;
    if (ENDED.has(event.kind)) waiting.delete(event.story);
    if (waiting.size === 0) end.abort();
  };
  const sending = sendFirstMessages({ ...of, entity: demoLender.key }).catch((error) => {
    if (!signal.aborted) terminal.out(`  The messages were not taken: ${error.message}`);
    end.abort();
  });
  const read = async () => {
    const stories = await Promise.all(
      msisdns.map(async (story) =>
        (await of.app.reports.newest(story, STORY_MOST)).map((event) => ({ ...event, story })),
      ),
    );
    return stories.flat().toSorted((one, other) => one.at.getTime() - other.at.getTime());
  };
  await Promise.all([sending, printLive({ read, print, signal })]);
  if (end.signal.aborted) terminal.out(`\n  Why, rule by rule:   npx kopek sms ${told}`);
}

/** The link to the content has left: nothing more comes by itself before the next period. */
function isLast({ kind, detail }: StoryEvent): boolean {
  return kind === 'sms.sent' && detail.kind === 'content';
}
