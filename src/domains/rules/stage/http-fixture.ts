import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import { silentLog } from '#log';
import { registerRulesRoutes } from '#rules/http';
import type { Stage } from './fixture.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The API of the rules on a stage, and callers with and without the right to change something. */
export async function serveRules({ clock, database, rules }: Stage) {
  const keyring = createKeyring({ database });
  const server = await createHttpServer({ log: silentLog(), api: { keyring, database, clock } });
  const countSegments = (text: string) => Math.ceil(text.length / 70);
  registerRulesRoutes(server.app, { rules, database, clock, plans: () => [], countSegments });
  const make = (name: string, ...scopes: string[]) =>
    createApiKey(database, { name, scopes, now: clock.now() });
  const keys = {
    reader: await make('reader', 'rules:read'),
    writer: await make('writer', 'rules:read', 'rules:write'),
    stranger: await make('stranger', 'timeline:read'),
  };
  async function call(
    method: Method,
    url: string,
    { as = 'writer', body }: { readonly as?: keyof typeof keys; readonly body?: object } = {},
  ) {
    const answer = await server.app.inject({
      ...{ method, url, headers: { authorization: `Bearer ${keys[as].text}` } },
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, body: answer.json() };
  }
  return { call, keys, close: () => server.close() };
}
