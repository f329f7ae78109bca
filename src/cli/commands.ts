import type { Command } from './command.ts';

/** A command as it is listed; what it needs is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly group: 'Run' | 'Look' | 'Act';
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    group: 'Run',
    summary: 'everything in one process: database, bus, all processes, simulators, a demo',
    load: async () => (await import('./up.ts')).up,
  },
  {
    name: 'serve',
    group: 'Run',
    summary: 'some processes only, of those that `kopek serve --help` lists',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'migrate',
    group: 'Run',
    summary: 'brings the database up to date',
    load: async () => (await import('./migrate.ts')).migrateCommand,
  },
  {
    name: 'database',
    group: 'Run',
    summary: 'the database by itself: start, url, stop',
    load: async () => (await import('./database.ts')).databaseCommand,
  },
  {
    name: 'follow',
    group: 'Look',
    summary: "a customer's story, live; or a partner's (--client), or everybody's (-f)",
    load: async () => (await import('./follow.ts')).follow,
  },
  {
    name: 'sms',
    group: 'Look',
    summary: 'one message: every state it was in, and what each rule said',
    load: async () => (await import('./sms.ts')).smsCommand,
  },
  {
    name: 'payment-request',
    group: 'Look',
    summary: 'one request for a payment or a refund: how far it has come',
    load: async () => (await import('./payment-request.ts')).paymentRequest,
  },
  {
    name: 'gateways',
    group: 'Look',
    summary: 'accounts at card gateways: list, and show one of them',
    load: async () => (await import('./gateways.ts')).gateways,
  },
  {
    name: 'attention',
    group: 'Look',
    summary: 'what waits for people: conflicts, unknown payments, disputes, differences, …',
    load: async () => (await import('./attention.ts')).attention,
  },
  {
    name: 'plans',
    group: 'Act',
    summary: 'what is sold by card: list, show, add a plan or its next version, close, open',
    load: async () => (await import('./plans.ts')).plans,
  },
  {
    name: 'coupons',
    group: 'Act',
    summary: 'what lowers prices: list, show, add, end',
    load: async () => (await import('./coupons.ts')).coupons,
  },
  {
    name: 'check',
    group: 'Look',
    summary: 'every bad setting and what can not be reached, at once',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'payment',
    group: 'Look',
    summary: 'one payment: its attempts, what its gateway told of it, refunds',
    load: async () => (await import('./payment.ts')).payment,
  },
  {
    name: 'ledger',
    group: 'Look',
    summary: 'reads every balance and the sealed journal again (verify)',
    load: async () => (await import('./ledger.ts')).ledger,
  },
  {
    name: 'payouts',
    group: 'Act',
    summary: 'files for the bank (export), its answers (import); compares the books (reconcile)',
    load: async () => (await import('./payouts.ts')).payouts,
  },
  {
    name: 'reconcile',
    group: 'Act',
    summary:
      "compares a card gateway's list of a day with our book, and takes what was lost from it",
    load: async () => (await import('./reconcile.ts')).reconcile,
  },
  {
    name: 'rules',
    group: 'Act',
    summary: 'laws of sending: list, show, preview on past traffic, activate; working calendars',
    load: async () => (await import('./rules.ts')).rules,
  },
  {
    name: 'explain',
    group: 'Look',
    summary: 'what a KOP code means',
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'key',
    group: 'Act',
    summary: 'makes an API key',
    load: async () => (await import('./key.ts')).key,
  },
  {
    name: 'smssend',
    group: 'Act',
    summary: 'sends one SMS through the operator of its number',
    load: async () => (await import('./smssend.ts')).smssend,
  },
  {
    name: 'redrive',
    group: 'Act',
    summary: 'puts the dead letters of a topic back to work',
    load: async () => (await import('./redrive.ts')).redrive,
  },
  {
    name: 'settlement',
    group: 'Act',
    summary: "imports a gateway's statement: what it has paid over",
    load: async () => (await import('./settlement.ts')).settlement,
  },
  {
    name: 'bus',
    group: 'Act',
    summary: 'where messages wait (status); hands queues over to another engine (move)',
    load: async () => (await import('./bus.ts')).bus,
  },
];
