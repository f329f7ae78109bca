import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '#config';
import type { StartReport } from './app.ts';
import { ago, busText, partLines, placeLines } from './start-lines.ts';
import type { Terminal } from './terminal.ts';

const terminal: Terminal = {
  ...{ out: () => {}, err: () => {}, rewrite: () => {}, isTty: false, columns: 100 },
  paint: (_, text) => text,
};

const REPORT: StartReport = {
  database: { version: '18', embedded: true, created: true, migrations: 12, readyMs: 1234 },
  processes: ['dispatcher', 'telco'],
  brokers: [],
  simulators: ['mobilink'],
  urls: { landing: 'http://localhost:50300/lp/demo', api: 'http://localhost:50300/docs' },
  readyMs: 2000,
  demo: { created: true, keyFile: '.kopek/demo-key' },
  counts: { subscriptions: 41980 },
};
const { config } = readConfig({});
const now = new Date('2026-11-20T09:00:00Z');

function textOf(report: StartReport, lastCharge?: Date): string {
  const { keyFile } = report.demo;
  const greeting = { version: '1', config, report, lastCharge, keyFile, now };
  return [...partLines(terminal, greeting), ...placeLines(greeting)].join('\n');
}

test('a first start tells what it made, and where to click', () => {
  const text = textOf(REPORT);
  assert.match(text, /✓ database {5}PostgreSQL 18, embedded · created, 12 migrations {3}1\.2 s/);
  assert.match(text, /✓ processes {4}dispatcher {2}telco/);
  assert.match(text, /✓ simulators {3}mobilink/);
  assert.match(text, /Landing page +http:\/\/localhost:50300\/lp\/demo/);
  assert.match(text, /Demo key +\.kopek\/demo-key/);
  assert.ok(!text.includes('Phone'), 'what is not there is not listed');
});

test('a second start tells what it found', () => {
  const database = { ...REPORT.database, created: false, migrations: 0 };
  const text = textOf({ ...REPORT, database }, new Date('2026-11-20T05:30:00Z'));
  assert.match(text, /embedded · 41,980 subscriptions, last charge 3 h ago/);
});

test('times past are told in one unit', () => {
  const before = (seconds: number) => ago(now, new Date(now.getTime() - seconds * 1000));
  assert.deepEqual([0, 59, 60, 3599, 3600, 172_800].map(before), [
    ...['0 s ago', '59 s ago', '1 min ago', '59 min ago', '1 h ago', '2 d ago'],
  ]);
});

test('the bus is told by engine and place, and nothing of its credentials', () => {
  const url = 'amqps://kopek:p%40s@s@rabbit:5671/house';
  const route = { pattern: 'erp.*', url: 'kafka://me:hush@one:9092,two?mechanism=PLAIN' };
  assert.equal(busText({ busUrl: 'postgres:', busRoutes: [] }), 'postgres, same database');
  assert.equal(
    busText({ busUrl: url, busRoutes: [route] }),
    'amqp at rabbit:5671/house; erp.* by kafka at one:9092,two',
  );
});

test('a broker that is away is told with what that means', () => {
  const text = textOf({
    ...REPORT,
    brokers: [{ engine: 'amqp', away: "RabbitMQ can't be reached" }],
  });
  assert.match(text, /! bus .*\n {17}RabbitMQ can't be reached; messages wait in the database/);
});
