import { type Executor, sql, type Tx } from '#database';

export interface IncomingRow {
  readonly provider: string;
  readonly id: string;
  readonly sender: string;
  readonly shortCode: string;
  readonly body: string;
  readonly receivedAt: Date;
  readonly entity: string | null;
  readonly keyword: string | null;
  readonly action: 'stop' | 'forward' | null;
}

/** True when it is new; false when the provider has delivered it before. */
export async function insertIncoming(tx: Tx, row: IncomingRow): Promise<boolean> {
  const { rows } = await sql`
    insert into sms.incoming
      (provider, provider_message_id, sender, short_code, body, received_at, entity, keyword, action)
    values (${row.provider}, ${row.id}, ${row.sender}, ${row.shortCode}, ${row.body}, ${row.receivedAt}, ${row.entity},
      ${row.keyword}, ${row.action})
    on conflict do nothing returning provider`.execute(tx);
  return rows.length > 0;
}

export interface KeywordRow {
  readonly short_code: string;
  readonly keyword: string;
  readonly entity: string;
  readonly callback_url: string | null;
}

const KEYWORDS_MOST = 1000;

/** Of one short code, or of all; sorted. */
export async function readKeywords(
  executor: Executor,
  shortCode?: string,
): Promise<readonly KeywordRow[]> {
  const { rows } = await sql<KeywordRow>`
    select short_code, keyword, entity, callback_url from sms.keyword
    where ${shortCode ?? null}::text is null or short_code = ${shortCode ?? null}
    order by short_code, keyword limit ${KEYWORDS_MOST}`.execute(executor);
  return rows;
}

export async function saveKeyword(tx: Tx, row: KeywordRow): Promise<void> {
  await sql`
    insert into sms.keyword (short_code, keyword, entity, callback_url)
    values (${row.short_code}, ${row.keyword}, ${row.entity}, ${row.callback_url})
    on conflict (short_code, keyword) do update
      set entity = excluded.entity, callback_url = excluded.callback_url`.execute(tx);
}

/** True when there was one. */
export async function deleteKeyword(
  tx: Tx,
  { keyword, shortCode }: { readonly shortCode: string; readonly keyword: string },
): Promise<boolean> {
  const { rows } = await sql`
    delete from sms.keyword where short_code = ${shortCode} and keyword = ${keyword} returning keyword`.execute(
    tx,
  );
  return rows.length > 0;
}
