import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#errors';
import { EXPLANATIONS } from './explanations.ts';
import { reportFailure } from './failure.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

function listen() {
  const lines: string[] = [];
  const say = (line = '') => void lines.push(line);
  const terminal: Terminal = {
    ...{ out: say, err: say, rewrite: say, isTty: false, columns: 100 },
    paint: (_, text) => text,
  };
  return { terminal, text: () => lines.join('\n') };
}

function report(error: unknown, options: { debug?: boolean; json?: boolean } = {}) {
  const { terminal, text } = listen();
  const exit = reportFailure(terminal, error, { debug: false, json: false, ...options });
  return { exit, text: text() };
}

test('a refusal says what, its code and what to do', () => {
  const { exit, text } = report(
    new Refusal(75, 'Port 1 is taken.', { code: 'KOP-0102', advice: ['Use another.'] }),
  );
  assert.equal(exit, 75);
  assert.match(text, /✗ Port 1 is taken\. +KOP-0102\n {4}Use another\./);
});

const KINDS = [
  [new AppError('unavailable', 'port_in_use', 'taken'), 75, /KOP-0102/],
  [new AppError('precondition', 'database_newer', 'newer'), 2, /KOP-0214/],
  [new AppError('unavailable', 'database_unavailable', 'away'), 75, /KOP-0210/],
  [new AppError('not_found', 'operator_unknown', 'no such'), 3, /no such/],
  [new AppError('internal', 'migration_failed', 'broken'), 1, /KOP-0216/],
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 75, /KOP-0210/],
  [new TypeError('oops'), 1, /should not have happened: oops/],
] as const;

for (const [error, exit, words] of KINDS) {
  test(`${error.message}: exit ${exit}`, () => {
    const told = report(error);
    assert.equal(told.exit, exit);
    assert.match(told.text, words);
    assert.ok(!told.text.includes('    at '), 'no stack unless asked for');
  });
}

test('--debug shows the stack, and nothing shows a password', () => {
  const error = new Error('connect postgres://kopek:hush@db/kopek failed');
  const { text } = report(error, { debug: true });
  assert.match(text, /at /);
  assert.ok(!text.includes('hush'));
  const strange = report(new Error('at amqp://:hu@sh@rabbit/x and kafka://me:hush@one:9092,two'));
  assert.match(strange.text, /amqp:\/\/:•••@rabbit\/x and kafka:\/\/me:•••@one:9092,two/);
});

test('--json tells it in one object', () => {
  const { text } = report(new Refusal(3, 'Nothing.'), { json: true });
  assert.deepEqual(JSON.parse(text), { type: 'error', message: 'Nothing.', advice: [], exit: 3 });
});

test('codes are unique, in order, and an error has one', () => {
  const codes = EXPLANATIONS.map(({ code }) => code);
  assert.deepEqual(codes, [...new Set(codes)].sort());
  const errors = EXPLANATIONS.flatMap(({ errors: of = [] }) => of);
  assert.equal(new Set(errors).size, errors.length);
});
