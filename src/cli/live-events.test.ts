import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '#errors';
import { printLive } from './live-events.ts';

function event(id: string) {
  const at = new Date(0);
  const position = { at: id, messageId: id, place: 0 };
  return { at, kind: 'payment.accepted', subject: id, detail: {}, position };
}

/** Answers one poll after the other, then ends. */
function script(polls: readonly (readonly string[] | Error)[]) {
  const controller = new AbortController();
  let index = 0;
  const read = async () => {
    const poll = polls[index] ?? [];
    index += 1;
    if (index === polls.length) controller.abort();
    if (poll instanceof Error) throw poll;
    return poll.map(event);
  };
  return { read, signal: controller.signal };
}

async function printed(polls: readonly (readonly string[] | Error)[]): Promise<string[]> {
  const lines: string[] = [];
  await printLive({ ...script(polls), print: ({ subject }) => lines.push(subject) });
  return lines;
}

test('what is there at first is printed at once, and nothing twice', async () => {
  assert.deepEqual(
    await printed([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]),
    ['a', 'b'],
  );
});

test('an event that is seen late still stands before the later one', async () => {
  assert.deepEqual(await printed([['a'], ['a', 'c'], ['a', 'b', 'c'], ['a', 'b', 'c']]), [
    ...['a', 'b', 'c'],
  ]);
});

test('a database that restarts is waited for', async () => {
  const away = new AppError('unavailable', 'database_unavailable', 'away');
  assert.deepEqual(await printed([['a'], away, ['a', 'b'], ['a', 'b']]), ['a', 'b']);
});

test('a failure that will not pass is thrown', async () => {
  await assert.rejects(printed([['a'], new TypeError('bug')]), /bug/);
});
