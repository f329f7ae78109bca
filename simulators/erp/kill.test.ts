import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Line, order, temporaryFolder } from './fixture.ts';
import type { StatusMessage } from './order.ts';

interface Said {
  readonly url?: string;
  readonly taken?: number;
  readonly statuses?: readonly StatusMessage[];
}

class Child {
  readonly told: StatusMessage[] = [];
  readonly taken = new Set<number>();
  readonly process: ChildProcess;
  url = '';

  constructor(folder: string) {
    this.process = fork(new URL('kill-child.ts', import.meta.url).pathname, [folder]);
    this.process.on('message', ({ statuses = [], taken, url }: Said) => {
      this.told.push(...statuses);
      if (taken !== undefined) this.taken.add(taken);
      if (url !== undefined) this.url = url;
    });
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await once(this.process, 'message');
  }
}

test('kill -9 at any moment: what was taken is in the book, paid once, and told', {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder();
  const asked = 600;
  const ids = Array.from({ length: asked }, (_, n) => `payout-${n}`);
  const told: StatusMessage[] = [];
  const taken = new Set<number>();
  for (const killAfter of [40, 150, 300]) {
    const child = new Child(folder);
    await child.until(() => child.url !== '');
    const exited = once(child.process, 'exit');
    // Asked for again after every crash, as a bus does with what was not acknowledged.
    for (const [n, id] of ids.entries()) {
      if (!taken.has(n)) child.process.send({ n, ask: [order(id)] });
    }
    await child.until(() => child.taken.size + child.told.length >= killAfter);
    child.process.kill('SIGKILL');
    await exited;
    told.push(...child.told);
    for (const n of child.taken) taken.add(n);
    // A line that was cut off in the middle of being written.
    appendFileSync(join(folder, 'journal.jsonl'), '{"kind":"done","erpId":"payout-0","n":');
  }

  const last = new Child(folder);
  await last.until(() => last.url !== '');
  for (const [n, id] of ids.entries()) {
    if (!taken.has(n)) last.process.send({ n, ask: [order(id)] });
  }
  const paid = () =>
    new Set(
      [...told, ...last.told].filter(({ status }) => status === 'PAID').map((one) => one.erp_id),
    );
  await last.until(() => paid().size === asked);
  const { payouts } = (await (await fetch(`${last.url}/book`)).json()) as {
    readonly payouts: readonly Line[];
  };
  assert.deepEqual(payouts.map(({ erp_id }) => erp_id).toSorted(), ids.toSorted());
  for (const { paid_minor, state } of payouts) assert.deepEqual([state, paid_minor], ['paid', 500]);
  // Told again after a crash it is the same event.
  const events = Map.groupBy([...told, ...last.told], ({ event_id }) => event_id);
  assert.equal(events.size, 4 * asked);
  for (const same of events.values()) {
    assert.equal(new Set(same.map(({ erp_id, status }) => `${erp_id} ${status}`)).size, 1);
  }
  last.process.kill('SIGKILL');
  await once(last.process, 'exit');
});
