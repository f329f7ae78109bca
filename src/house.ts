import { type Acquisition, createAcquisition } from '#acquisition';
import { createKeyring, createSealer, type Keyring, type Sealer } from '#auth';
import { type Bus, type Group, openBus } from '#bus';
import { createSharedClock, type SharedClock } from '#clock';
import type { Config } from '#config';
import { secretOf } from '#config';
import { type Content, contentGroup, createContent } from '#content';
import { type Database, sql } from '#database';
import { createIdSource, type IdSource } from '#ids';
import { createLedger, type Ledger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { createOperators, type Operators } from '#operators';
import {
  asCardGateways,
  type CardGateways,
  cardChargeGroup,
  cardGatewayMakers,
  chargeGroup,
  createGatewayAccounts,
  createPaymentAttention,
  createPayments,
  type GatewayAccounts,
  type Payments,
} from '#payments';
import { saverGroup } from '#payments/intake';
import {
  createBankGate,
  createPayoutMachine,
  createPayouts,
  type PayoutMachine,
  type Payouts,
  payoutTopics,
} from '#payouts';
import { createReports, type Reports } from '#reports';
import { createRules, type Rules } from '#rules';
import { type Accounts, accountGroup, openSms, prepareHouse, type Sms, sendGroup } from '#sms';
import { type Attention, createAttention } from '#staff';
import {
  cardSubscriptionGroups,
  createSubscriptions,
  type Subscriptions,
  subscriptionGroups,
} from '#subscriptions';
import { createIntake, type Intake, processorGroups } from '#subscriptions/intake';
import type { Webhooks } from '#webhooks';

/** Every domain, made once and given what it needs. Nothing in it runs yet. */
export interface House {
  readonly config: Config;
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: SharedClock;
  readonly ids: IdSource;
  readonly bus: Bus;
  readonly keyring: Keyring;
  readonly ledger: Ledger;
  readonly rules: Rules;
  readonly operators: Operators;
  readonly payments: Payments;
  readonly gatewayAccounts: GatewayAccounts;
  readonly cardGateways: CardGateways;
  readonly sms: Sms;
  readonly smsAccounts: Accounts;
  readonly webhooks: Webhooks;
  readonly sealer: Sealer;
  /** `KOPEK_SECRET`: signs forms and links. */
  readonly secret: string;
  readonly subscriptions: Subscriptions;
  readonly intake: Intake;
  readonly content: Content;
  readonly acquisition: Acquisition;
  readonly payouts: Payouts;
  readonly payoutMachine: PayoutMachine;
  readonly reports: Reports;
  /** What waits for people. */
  readonly attention: Attention;
  /** Declares who listens to what, for all operators there are: before anyone publishes. */
  declareGroups(): Promise<void>;
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly config: Config;
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Who publishes: `kopek/telco`. */
  readonly source: string;
}

export async function buildHouse(options: HouseOptions): Promise<House> {
  const { config, database, log, metrics, source } = options;
  const secret = await secretOf(config);
  const clock = await createSharedClock(database);
  const ids = createIdSource(await nextProcessNumber(database));
  const base = { database, clock, log, metrics, ids, secret, publicUrl: config.publicUrl };
  const bus = await openBus({ ...base, url: config.busUrl, routes: config.busRoutes, source });
  const types = await readAccountTypes(config.accountTypes || STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ ...base, types });
  const rules = await createRules(base);
  const operators = await createOperators(base);
  const sealer = createSealer({ secret });
  const makers = cardGatewayMakers(clock);
  const gatewayAccounts = await createGatewayAccounts({ ...base, sealer, makers });
  const cardGateways = asCardGateways(gatewayAccounts);
  const payments = createPayments({ ...base, bus, operators, sealer, cardGateways });
  const opened = await openSms({ ...base, bus, operators, rules, sealer });
  const { accounts: smsAccounts, sms, webhooks } = opened;
  const subscriptions = createSubscriptions({ ...base, bus, ledger, operators, payments, sms });
  const intake = createIntake({
    ...{ ...base, bus, operators, payments, sms, webhooks, cards: subscriptions.cards },
  });
  const content = createContent({ ...base, bus, operators, sms, subscriptions });
  const acquisition = createAcquisition({ ...base, bus, operators, sms, subscriptions });
  const payouts = createPayouts({ ...base, bus, ledger, ...requestOptions(config) });
  const { accounts } = payouts;
  const payoutMachine = createPayoutMachine({ ...base, bus, accounts, ...machineOptions(config) });
  const reports = createReports({ ...base, bus });
  const attention = createAttention([createPaymentAttention(base), subscriptions.cards.attention]);
  return {
    ...{ config, database, log, metrics, clock, ids, bus, keyring: createKeyring({ database }) },
    ...{ ledger, rules, operators, payments, sms, subscriptions, content, acquisition, reports },
    ...{ payouts, payoutMachine, smsAccounts, gatewayAccounts, webhooks, sealer, secret },
    ...{ intake, cardGateways, attention },
    async declareGroups() {
      await prepareHouse({ database, operators, rules });
      const ofOperators = operators
        .all()
        .flatMap(({ name }) => [chargeGroup(name), sendGroup(name), ...subscriptionGroups(name)]);
      await bus.declare([
        ...ofOperators,
        ...smsAccounts.all().map(({ account }) => accountGroup(account.name)),
        ...cardGateways.names().flatMap(groupsOfGateway),
        ...cardSubscriptionGroups([]),
        ...[contentGroup, saverGroup, ...payoutMachine.groups, ...reports.groups],
      ]);
    },
    async close() {
      await acquisition.drain();
      await intake.drain();
      await payouts.close();
      await ledger.drain();
      await payments.inbox.drain();
      await opened.close();
      await gatewayAccounts.close();
      rules.close();
      await operators.close();
      await bus.close();
      clock.close();
    },
  };
}

/** Who hears what is published for a card gateway. */
export function groupsOfGateway(name: string): readonly Group[] {
  const answers = [...cardSubscriptionGroups([name]), ...processorGroups([name])];
  return [cardChargeGroup(name), ...answers].map((group) => group as Group);
}

const HOUR_MS = 3_600_000;

function requestOptions(config: Config) {
  return {
    accountsUrl: config.payoutAccountsUrl,
    accountsKey: config.payoutAccountsKey,
    reqGateIntervalMs: config.payoutReqGateIntervalMs,
    requestLimit: config.payoutRequestLimit,
  };
}

function machineOptions(config: Config) {
  return {
    topics: payoutTopics(config.payoutTopicPrefix),
    ...(config.payoutErpGate === 'iso20022' ? { erpGate: createBankGate() } : {}),
    senderLimit: config.payoutSenderLimit,
    intervalMs: config.payoutOebsGateIntervalMs,
    approvalAbove: config.payoutApprovalAbove,
    approvalDays: config.payoutApprovalDays,
    silenceMs: config.payoutSilenceHours * HOUR_MS,
  };
}

async function nextProcessNumber(database: Database): Promise<number> {
  const { rows } = await sql<{ number: bigint }>`
    select nextval('platform.process_number') as number`.execute(database.pool);
  return Number(rows[0]?.number ?? 0n);
}
