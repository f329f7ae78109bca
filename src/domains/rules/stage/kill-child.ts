// Reserves one place in a process of its own and is killed there: run by the test of crashes, with its settings as JSON.
import { createFakeClock } from '#clock';
import { openDatabase } from '#database';
import { silentLog } from '#log';
import { createRules } from '#rules/create-rules';
import { lawsOf, NOON, requestOf, twiceADay } from './fixture.ts';

export interface KillSettings {
  readonly url: string;
  readonly recipient: string;
  readonly dieAt: 'before the commit' | 'after the commit' | 'after giving it back, uncommitted';
}

const settings = JSON.parse(process.argv[2] ?? '{}') as KillSettings;
const log = silentLog();
const clock = createFakeClock(NOON);
const database = openDatabase({ url: settings.url, log, name: 'kopek-test-child' });
const rules = await createRules({ database, clock, log, laws: lawsOf(twiceADay) });
const request = requestOf(clock.now(), { recipient: settings.recipient });
const die = () => process.kill(process.pid, 'SIGKILL');

await database.transaction(async (tx) => {
  const [decision] = await rules.reserve(tx, [request]);
  if (decision?.outcome !== 'send') process.exit(3);
  if (settings.dieAt === 'before the commit') die();
});
if (settings.dieAt === 'after the commit') die();
await database.transaction(async (tx) => {
  await rules.release(tx, [request.message]);
  die();
});
