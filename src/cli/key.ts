import { createApiKey } from '#auth';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

const SCOPES_MAX = 50;
const SCOPE = /^(?:\*|[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*)$/;

export const key: Command = {
  usage: 'key <name> <scope…>',
  help: `Makes an API key and prints it: here and never again, since only its hash is stored.

name       whose it is, for people
scope      what it grants, such as payouts:request; * is everything. Each route of the API names its own: /docs`,
  options: {},
  words: { least: 2, most: 1 + SCOPES_MAX },
  async run(call) {
    const [name = '', ...scopes] = call.positionals;
    const wrong = scopes.find((scope) => !SCOPE.test(scope));
    if (wrong !== undefined) {
      throw new Refusal(EXIT.usage, `"${wrong}" is no scope.`, {
        advice: ['A scope is two words and a colon, such as payouts:read.'],
      });
    }
    const database = await openRunningDatabase(mustReadConfig(call), 'key');
    try {
      const { text } = await createApiKey(database, { name, scopes, now: new Date() });
      call.terminal.out(text);
      return EXIT.done;
    } finally {
      await database.close();
    }
  },
};
