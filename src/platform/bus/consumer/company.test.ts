import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCompany } from './company.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('many work together, and one who works alone waits for them and keeps others waiting', async () => {
  const company = createCompany();
  const diary: string[] = [];
  const leaves = [await company.join(), await company.join()];
  const alone = company.alone().then((leave) => {
    diary.push('alone');
    return leave;
  });
  const late = company.join().then((leave) => {
    diary.push('late');
    return leave;
  });
  await turn();
  assert.deepEqual(diary, []);
  leaves[0]?.();
  leaves[0]?.();
  await turn();
  assert.deepEqual(diary, [], 'leaving twice counts once');
  leaves[1]?.();
  const leaveAlone = await alone;
  await turn();
  assert.deepEqual(diary, ['alone']);
  leaveAlone();
  (await late)();
  assert.deepEqual(diary, ['alone', 'late']);
});

test('those who work alone do so one after the other', async () => {
  const company = createCompany();
  let inside = 0;
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const leave = await company.alone();
      inside += 1;
      assert.equal(inside, 1);
      await turn();
      inside -= 1;
      leave();
    }),
  );
  (await company.join())();
});
