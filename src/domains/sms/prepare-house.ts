import type { Database } from '#database';
import type { Operators } from '#operators';
import type { Rules } from '#rules';
import { HOUSE_ENTITY } from './sending/index.ts';

/** Who is written down as having changed the rules. */
const ACTOR = 'kopek';

/**
 * Lets the house's own messages go out: its legal entity, and for each operator the provider that its own SMS is, with the
 * short code as its sender. What is there is left as it is: whoever runs the house may have changed it.
 */
export async function prepareHouse(options: {
  readonly database: Database;
  readonly rules: Rules;
  readonly operators: Operators;
}): Promise<void> {
  const { database, operators, rules } = options;
  await rules.refresh();
  const missing = operators
    .all()
    .filter(({ name }) => !rules.providersOf(HOUSE_ENTITY).some((pair) => pair.provider === name));
  if (rules.entity(HOUSE_ENTITY) !== undefined && missing.length === 0) return;
  await database.transaction(async (tx) => {
    if (rules.entity(HOUSE_ENTITY) === undefined)
      await rules.saveEntity(tx, { key: HOUSE_ENTITY, name: 'Kopek' }, ACTOR);
    for (const { name, shortCode, title } of missing) {
      if (!rules.providers().some((provider) => provider.name === name))
        await rules.saveProvider(tx, { name, title: `${title}, its own SMS` }, ACTOR);
      await rules.allowProvider(
        tx,
        { entity: HOUSE_ENTITY, provider: name, senders: [{ sender: shortCode }] },
        ACTOR,
      );
    }
  });
  await rules.refresh();
}
