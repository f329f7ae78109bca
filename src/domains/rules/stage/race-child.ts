// Two copies of the rules in a process of its own, each with its own pool, that take places whenever the parent says
// so: run by the test of races. What they took goes back to the parent.
import { createFakeClock } from '#clock';
import { openDatabase } from '#database';
import { silentLog } from '#log';
import { createRules, type Rules } from '#rules/create-rules';
import { lawsOf, NOON, requestOf, twiceADay } from './fixture.ts';

/** All take the same places; how they part them into transactions is their own matter. */
export interface Race {
  readonly recipients: readonly string[];
  readonly chunks: readonly number[];
}

const url = process.argv[2] ?? '';
const clock = createFakeClock(NOON);
const log = silentLog();

async function openRacer() {
  const database = openDatabase({ url, log, name: 'kopek-test-racer' });
  const rules = await createRules({ database, clock, log, laws: lawsOf(twiceADay) });
  return { database, rules };
}

const racers = [await openRacer(), await openRacer()];

/** How many of the recipients it has won. */
async function run(
  { database, rules }: (typeof racers)[number] & { readonly rules: Rules },
  { chunks, recipients }: Race,
): Promise<number> {
  let won = 0;
  for (let from = 0, turn = 0; from < recipients.length; turn += 1) {
    const size = chunks[turn % chunks.length] ?? 1;
    const requests = recipients
      .slice(from, from + size)
      .map((recipient) => requestOf(clock.now(), { recipient }));
    const decisions = await database.transaction((tx) => rules.reserve(tx, requests));
    won += decisions.filter(({ outcome }) => outcome === 'send').length;
    from += size;
  }
  return won;
}

process.on('message', async (message: { readonly races: readonly Race[] } | 'end') => {
  if (message === 'end') {
    for (const { database, rules } of racers) {
      rules.close();
      await database.close();
    }
    process.disconnect();
    return;
  }
  const { races } = message;
  const won = await Promise.all(racers.map((racer, index) => run(racer, races[index] as Race)));
  process.send?.({ won });
});
process.send?.('ready');
