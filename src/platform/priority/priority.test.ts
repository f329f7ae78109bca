import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** In a process of its own: a place behind others can't be left again without a right. */
async function takeAlone(place: number): Promise<{ has: number; warnings: number }> {
  const script = `
    import { takePriority } from '#priority';
    let warnings = 0;
    const log = { warn: () => { warnings += 1; } };
    console.log(JSON.stringify({ has: takePriority(${place}, log), warnings }));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { cwd: import.meta.dirname },
  );
  return JSON.parse(stdout) as { has: number; warnings: number };
}

test('a place behind the others is taken by whoever asks', async () => {
  assert.deepEqual(await takeAlone(7), { has: 7, warnings: 0 });
});

test('a place before the others is taken, or the log says that it could not be', async () => {
  const { has, warnings } = await takeAlone(-5);
  assert.equal(warnings, has === -5 ? 0 : 1);
});
