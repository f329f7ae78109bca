import type { Database } from '#database';

type Client = Awaited<ReturnType<Database['connect']>>;

/** The effect of a batch, in a transaction of its own. */
export async function writeRows(client: Client, numbers: readonly number[]): Promise<void> {
  await client.query('begin');
  await client.query(
    'insert into effect (message, n) select gen_random_uuid(), n from unnest($1::integer[]) n',
    [numbers],
  );
  await client.query('commit');
}
