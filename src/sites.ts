import { registerAcquisitionRoutes, renderFrame, renderProblemPage } from '#acquisition';
import { registerContentRoutes } from '#content';
import { createHttpServer, type HttpServer } from '#http';
import { registerContractRoutes, registerLedgerRoutes } from '#ledger';
import {
  createHandSettler,
  createNewsContext,
  registerCardStaffRoutes,
  registerDifferenceRoutes,
  registerGatewayRoutes,
  registerNotificationRoutes,
  registerPaymentRoutes,
} from '#payments';
import {
  registerPayoutClientRoutes,
  registerPayoutRoutes,
  registerRequestRoutes,
  registerRequisitesRoutes,
} from '#payouts';
import { registerReportsRoutes } from '#reports';
import { registerRulesRoutes } from '#rules';
import {
  registerAccountRoutes,
  registerCallbackRoutes,
  registerIncomingRoutes,
  registerSenderRoutes,
  registerSmsRoutes,
  registerTextRoutes,
  segmentsOf,
  webhookScopeOf,
} from '#sms';
import { registerAttentionRoutes } from '#staff';
import {
  type LocaleChoice,
  registerCardSubscriptionRoutes,
  registerPriceListRoutes,
  registerSubscriptionRoutes,
} from '#subscriptions';
import { registerIntakeRoutes, registerOriginalIntakeRoutes } from '#subscriptions/intake';
import { registerWebhookRoutes } from '#webhooks';
import type { ProcessName } from './cli/app.ts';
import { addCustomerPages, createErrorPage, localesOf } from './customer-pages.ts';
import { groupsOfGateway, type House } from './house.ts';

/** A door to the outside that is open: who answers there. */
export interface Site {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Opens the doors of these processes. With the dispatcher among them all share its port; without it each has
 * its own, with the routes it serves, its health and its metrics.
 */
export async function openSites(
  house: House,
  options: {
    readonly processes: readonly ProcessName[];
    readonly version: string;
    /** Of these processes, beside the site. */
    readonly ownDoors?: readonly ProcessName[] | undefined;
  },
): Promise<readonly Site[]> {
  const { config } = house;
  const { processes } = options;
  const opened: Site[] = [];
  const ports: Readonly<Record<ProcessName, number>> = {
    dispatcher: config.dispatcherPort,
    qlistener: config.qlistenerPort,
    'mt-manager': config.mtManagerPort,
    telco: config.telcoPort,
    accounts: config.accountsPort,
    'payout-api': config.payoutApiPort,
    'req-gate': config.reqGatePort,
    'oebs-gate': config.oebsGatePort,
    'sms-rules': config.smsRulesPort,
    'sms-api': config.smsApiPort,
    'sms-sender': config.smsSenderPort,
    'payments-api': config.paymentsApiPort,
    saver: config.saverPort,
    processor: config.processorPort,
    notifier: config.notifierPort,
    'state-machine': config.stateMachinePort,
    'client-admin': config.clientAdminPort,
  };
  const { ownDoors = [] } = options;
  const groups = processes.includes('dispatcher')
    ? [processes, ...ownDoors.map((name) => [name])]
    : processes.map((name) => [name]);
  try {
    for (const group of groups) {
      const [first = 'dispatcher'] = group.includes('dispatcher')
        ? (['dispatcher'] as const)
        : group;
      opened.push(
        await openSite(house, { processes: group, port: ports[first], version: options.version }),
      );
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map((site) => site.close()));
    throw error;
  }
}

interface SiteOptions {
  readonly processes: readonly ProcessName[];
  readonly port: number;
  readonly version: string;
}

async function openSite(house: House, { port, processes, version }: SiteOptions): Promise<Site> {
  const { clock, config, database, keyring, log, metrics } = house;
  const locales = localesOf(house);
  const server = await createHttpServer({
    ...{ log, metrics, trustedProxies: config.trustedProxies },
    renderErrorPage: createErrorPage(locales, renderProblemPage),
    api: { keyring, database, clock },
    checks: { database: () => mustAnswer(house), bus: () => house.bus.ready() },
    ...referenceOf(processes, version),
  });
  addRoutes(server, { ...house, locales }, processes);
  const { port: taken, url } = await server.listen(port, config.host);
  return { port: taken, url, close: () => server.close() };
}

/** The site shows all that it serves; payments-api by itself shows its own where the original did. */
function referenceOf(processes: readonly ProcessName[], version: string) {
  if (processes.includes('dispatcher')) return { reference: { title: 'Kopek', version } };
  if (!processes.includes('payments-api')) return {};
  const places = { document: '/api/openapi.json', page: '/api/openapi' };
  return { reference: { title: 'Kopek: payments', version, ...places } };
}

function addRoutes(
  { app }: HttpServer,
  house: House & { readonly locales: LocaleChoice },
  processes: readonly ProcessName[],
): void {
  if (processes.includes('dispatcher')) {
    registerAcquisitionRoutes(app, house.acquisition, house);
    registerContentRoutes(app, house.content, { frame: renderFrame });
    registerSubscriptionRoutes(app, house);
    registerPaymentRoutes(app, house);
    registerCardStaffRoutes(app, {
      ...house,
      settler: createHandSettler(createNewsContext(house)),
    });
    registerDifferenceRoutes(app, house);
    const { publicUrl } = house.config;
    registerGatewayRoutes(app, {
      ...{ ...house, accounts: house.gatewayAccounts, publicUrl },
      declare: (name) => house.bus.declare(groupsOfGateway(name)),
    });
    const plans = () => house.operators.all().map((operator) => operator.plan);
    const { cards } = house.subscriptions;
    registerCardSubscriptionRoutes(app, { cards, database: house.database, plans });
    registerPriceListRoutes(app, { ...house.subscriptions.priceList, database: house.database });
    registerAttentionRoutes(app, house);
    registerReportsRoutes(app, { reports: house.reports, plans });
  }
  if (processes.includes('dispatcher') || processes.includes('telco'))
    registerIncomingRoutes(app, house);
  if (processes.includes('payout-api')) registerRequestRoutes(app, house.payouts.requests);
  if (processes.includes('oebs-gate')) {
    const routes = { payouts: house.payoutMachine };
    registerPayoutRoutes(app, routes);
    registerPayoutClientRoutes(app, routes);
    registerRequisitesRoutes(app, house);
  }
  if (processes.includes('sms-rules')) {
    const plans = () => house.operators.all().map((operator) => operator.plan);
    registerRulesRoutes(app, {
      ...house,
      plans,
      countSegments: segmentsOf,
      reaches: house.sms.context.routes.knows,
    });
  }
  // Card gateways tell what happened where the site is, or where nothing but payments is served.
  if (processes.includes('dispatcher') || processes.includes('payments-api'))
    registerNotificationRoutes(app, house.payments);
  addSmsRoutes(app, house, processes);
  addCustomerPages(app, house, processes);
  addIntakeRoutes(app, house, processes);
  if (processes.includes('accounts')) {
    registerLedgerRoutes(app, house);
    registerContractRoutes(app, house);
  }
}

function addSmsRoutes(
  app: HttpServer['app'],
  house: House,
  processes: readonly ProcessName[],
): void {
  const { config, smsAccounts: accounts, webhooks } = house;
  const { publicUrl } = config;
  const plans = () => house.operators.all().map((operator) => operator.plan);
  if (processes.includes('sms-api')) {
    registerSmsRoutes(app, { ...house, plans });
    registerTextRoutes(app, house);
  }
  if (processes.includes('sms-api') || processes.includes('sms-sender'))
    registerWebhookRoutes(app, { webhooks, scopeOf: webhookScopeOf });
  if (processes.includes('sms-sender')) {
    registerSenderRoutes(app, { ...house, plans });
    registerAccountRoutes(app, { ...house, accounts, publicUrl });
    registerCallbackRoutes(app, { ...house, accounts, publicUrl });
  }
}

function addIntakeRoutes(
  app: HttpServer['app'],
  house: House,
  processes: readonly ProcessName[],
): void {
  if (!processes.includes('payments-api')) return;
  const plans = () => house.operators.all().map((operator) => operator.plan);
  registerIntakeRoutes(app, { ...house, plans });
  registerOriginalIntakeRoutes(app, { ...house, plans });
}

async function mustAnswer({ database }: House): Promise<void> {
  await database.pool.selectNoFrom((eb) => eb.lit(1).as('one')).execute();
}
