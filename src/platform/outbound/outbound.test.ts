import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#log';
import { createOutbound, type OutboundOptions } from '#outbound';
import { eventually } from '#testing';

interface Diary {
  readonly begun: number[];
  readonly called: number[];
  readonly recorded: number[];
}

/** An outside of which a test decides everything; what happened stands in the diary. */
function outboundOf(changes: Partial<OutboundOptions<number, number>> = {}) {
  const diary: Diary = { begun: [], called: [], recorded: [] };
  const outbound = createOutbound<number, number>({
    log: silentLog(),
    take: async (most) => most,
    holdMost: () => 100,
    ...changes,
    begin: async (jobs) => {
      const begun = await (changes.begin ?? (async (all) => all))(jobs);
      diary.begun.push(...begun);
      return begun;
    },
    call: async (job) => {
      diary.called.push(job);
      return (changes.call ?? (async (one) => one))(job);
    },
    record: async (results) => {
      await changes.record?.(results);
      diary.recorded.push(...results);
    },
  });
  return { diary, outbound };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const transient = () => Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });

async function untilRecorded(diary: Diary, count: number): Promise<void> {
  await eventually(() => assert.equal(diary.recorded.length, count));
}

test('every job is begun, called and recorded once', async () => {
  const { diary, outbound } = outboundOf();
  outbound.push(upTo(300));
  outbound.push([300, 301]);
  await untilRecorded(diary, 302);
  for (const done of [diary.begun, diary.called, diary.recorded])
    assert.deepEqual(
      done.toSorted((a, b) => a - b),
      upTo(302),
    );
  assert.deepEqual([outbound.waiting, outbound.inFlight, outbound.room()], [0, 0, 100]);
});

test('a job for which beginning no longer holds is not called', async () => {
  const { diary, outbound } = outboundOf({
    begin: async (jobs) => jobs.filter((job) => job % 2 === 0),
  });
  outbound.push(upTo(10));
  await untilRecorded(diary, 5);
  assert.deepEqual(diary.called, [0, 2, 4, 6, 8]);
});

test('no more are under way than may be, and none without a grant', async () => {
  let granted = 0;
  let most = 0;
  const { diary, outbound } = outboundOf({
    concurrency: 4,
    take: async (wanted) => {
      const given = Math.min(wanted, 3);
      granted += given;
      return given;
    },
    call: async (job) => {
      most = Math.max(most, outbound.inFlight);
      await pause(2);
      return job;
    },
  });
  outbound.push(upTo(30));
  await untilRecorded(diary, 30);
  assert.ok(most <= 4, `${most} were under way`);
  assert.equal(granted, 30);
});

test('with nearly all places taken the next are begun as a set, not one by one', async () => {
  const sizes: number[] = [];
  const answers: (() => void)[] = [];
  const { diary, outbound } = outboundOf({
    concurrency: 64,
    holdMost: () => 1000,
    begin: async (jobs) => {
      sizes.push(jobs.length);
      return jobs;
    },
    call: (job) => new Promise((resolve) => answers.push(() => resolve(job))),
  });
  outbound.push(upTo(80));
  await eventually(() => assert.equal(answers.length, 64));
  const answerSome = (count: number) => {
    for (const answer of answers.splice(0, count)) answer();
  };
  answerSome(7);
  await untilRecorded(diary, 7);
  assert.deepEqual(sizes, [64]);
  answerSome(1);
  await eventually(() => assert.deepEqual(sizes, [64, 8]));
  answerSome(8);
  await eventually(() => assert.deepEqual(sizes, [64, 8, 8]));
  answerSome(64);
  await untilRecorded(diary, 80);
});

test('there is room only for what it may hold, whatever state that is in', async () => {
  let answer = () => {};
  const { diary, outbound } = outboundOf({
    holdMost: () => 10,
    concurrency: 2,
    call: (job) =>
      new Promise((resolve) => {
        const before = answer;
        answer = () => {
          before();
          resolve(job);
        };
      }),
  });
  outbound.push(upTo(7));
  await eventually(() => assert.equal(outbound.inFlight, 2));
  assert.equal(outbound.room(), 3);
  const answering = setInterval(() => answer(), 1);
  await untilRecorded(diary, 7);
  clearInterval(answering);
  await eventually(() => assert.equal(outbound.room(), 10));
});

test('when the database is away jobs are begun later, and results are kept until they are recorded', async () => {
  let trouble = 2;
  const failTwice = async () => {
    trouble -= 1;
    if (trouble >= 0) throw transient();
  };
  const begins = outboundOf({
    begin: async (jobs) => {
      await failTwice();
      return jobs;
    },
  });
  begins.outbound.push(upTo(3));
  await untilRecorded(begins.diary, 3);
  assert.deepEqual(begins.diary.called, [0, 1, 2]);
  trouble = 2;
  const records = outboundOf({ record: failTwice });
  records.outbound.push(upTo(3));
  await untilRecorded(records.diary, 3);
  assert.deepEqual(records.diary.called, [0, 1, 2], 'nothing is called again');
});

test('a result that can not be recorded does not take its neighbours with it', async () => {
  const { diary, outbound } = outboundOf({
    record: async (results) => {
      if (results.includes(3)) throw new Error('a bug');
    },
  });
  outbound.push(upTo(8));
  await untilRecorded(diary, 7);
  assert.ok(!diary.recorded.includes(3));
  await eventually(() => assert.equal(outbound.room(), 100));
});

test('a conversation that breaks is left to its lease, and the others go on', async () => {
  const { diary, outbound } = outboundOf({
    call: async (job) => {
      if (job === 1) throw new Error('a bug');
      return job;
    },
  });
  outbound.push(upTo(4));
  await untilRecorded(diary, 3);
  assert.deepEqual(diary.recorded.toSorted(), [0, 2, 3]);
});

test('stopping begins nothing more, waits for answers and records them', async () => {
  const { diary, outbound } = outboundOf({
    concurrency: 2,
    call: async (job) => {
      await pause(50);
      return job;
    },
  });
  outbound.push(upTo(10));
  await eventually(() => assert.equal(outbound.inFlight, 2));
  assert.deepEqual(await outbound.stop(2000), { unanswered: 0 });
  assert.deepEqual(diary.recorded.length, 2);
  assert.equal(outbound.room(), 0);
  await pause(60);
  assert.equal(diary.called.length, 2);
});

test('what is just being begun when it is stopped is called, for it counts as begun', async () => {
  let beginning = false;
  const { diary, outbound } = outboundOf({
    begin: async (jobs) => {
      beginning = true;
      await pause(50);
      return jobs;
    },
  });
  outbound.push([1]);
  await eventually(() => assert.ok(beginning));
  assert.deepEqual(await outbound.stop(2000), { unanswered: 0 });
  assert.deepEqual(diary.recorded, [1]);
});

test('stopping is patient for so long only, and says how many were left without an answer', async () => {
  const { outbound } = outboundOf({ call: () => new Promise(() => {}) });
  outbound.push(upTo(3));
  await eventually(() => assert.equal(outbound.inFlight, 3));
  const beganMs = performance.now();
  assert.deepEqual(await outbound.stop(50), { unanswered: 3 });
  assert.ok(performance.now() - beganMs < 1000);
});

test('grants that became old while work was begun are lost, and others are waited for', async () => {
  let asked = 0;
  const { diary, outbound } = outboundOf({
    take: async (most) => {
      asked += 1;
      return Math.min(most, 2);
    },
    begin: async (jobs) => {
      await pause(120);
      return jobs;
    },
  });
  outbound.push(upTo(2));
  await untilRecorded(diary, 2);
  assert.equal(asked, 2);
  outbound.push(upTo(4));
  await untilRecorded(diary, 6);
  assert.equal(asked, 6);
});

test('stopping does not wait for a grant that may never come', async () => {
  const { diary, outbound } = outboundOf({
    take: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  });
  outbound.push(upTo(3));
  assert.deepEqual(await outbound.stop(2000), { unanswered: 0 });
  assert.deepEqual(diary.called, []);
});
