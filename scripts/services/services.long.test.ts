import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { killService, pauseService, stopService } from './end-service.ts';
import { shakeHands } from './handshake.ts';
import { runs } from './process-mark.ts';
import { readServices } from './record.ts';
import { findProgram } from './run-program.ts';
import { SERVICE_NAMES, type ServiceName } from './service.ts';
import { startService } from './start-service.ts';

const NEEDS: Readonly<Record<ServiceName, readonly string[]>> = {
  rabbitmq: ['epmd'],
  kafka: ['java', 'mvn'],
};

for (const name of SERVICE_NAMES) {
  const lacking = NEEDS[name].find((program) => !findProgram(program));
  const skip = lacking ? `${lacking} is not installed` : false;

  test(`${name} comes back where it was after each way to go`, { skip }, async (t) => {
    const folder = await spacedFolder(t, name);
    const first = await startService(name, { folder });
    assert.equal(first.outcome, 'started');
    assert.equal((await startService(name, { folder })).outcome, 'already_up');
    const ways = [killService, pauseService, stopService] as const;
    for (const go of ways) {
      await go(name, { folder });
      const { outcome, record } = await startService(name, { folder });
      assert.deepEqual([outcome, record.url], ['started', first.record.url], go.name);
      assert.equal((await shakeHands(record.url)).outcome, 'answers');
    }
    const last = (await readServices(folder))[name];
    await stopService(name, { folder, wipe: true });
    assert.deepEqual(
      await Promise.all(last?.processes.map(runs) ?? []),
      last?.processes.map(() => false),
    );
    assert.equal(existsSync(join(folder, name)), false);
  });

  test(`two starts of ${name} at once start one, beside that of another folder`, {
    skip,
  }, async (t) => {
    const [folder, other] = [await spacedFolder(t, name), await spacedFolder(t, name)];
    const [one, two, three] = await Promise.all([
      startService(name, { folder }),
      startService(name, { folder }),
      startService(name, { folder: other }),
    ]);
    assert.deepEqual([one.outcome, two.outcome].sort(), ['already_up', 'started']);
    assert.equal(one.record.url, two.record.url);
    assert.equal(three.outcome, 'started');
    assert.notEqual(new URL(one.record.url).port, new URL(three.record.url).port);
  });
}

/** Deleted only when what runs in it has ended: services.json is all that knows of it. */
async function spacedFolder(t: TestContext, name: ServiceName): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'kopek-services-'));
  await chmod(parent, 0o755); // run by root, the broker is another user
  const folder = join(parent, 'a folder, with: spaces');
  t.after(async () => {
    await stopService(name, { folder, wipe: true });
    await rm(parent, { recursive: true });
  });
  return folder;
}
