import { type Executor, sql } from '#database';
import type { Campaign, CampaignTexts } from './campaign.ts';

interface CampaignRow {
  readonly link: string;
  readonly title: string;
  readonly service: string;
  readonly operator: string;
  readonly locale: string;
  readonly texts: CampaignTexts;
  readonly translations: Readonly<Record<string, CampaignTexts>>;
  readonly open: boolean;
}

function fromRow(row: CampaignRow): Campaign {
  const { service, ...rest } = row;
  return { ...rest, serviceCode: service };
}

/** False when the link is taken. */
export async function insertCampaign(
  executor: Executor,
  campaign: Campaign,
  at: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into acquisition.campaign (link, title, service, operator, locale, texts, translations, open, created_at)
    values (${campaign.link}, ${campaign.title}, ${campaign.serviceCode}, ${campaign.operator},
      ${campaign.locale}, ${JSON.stringify(campaign.texts)}::jsonb, ${JSON.stringify(campaign.translations)}::jsonb,
      ${campaign.open}, ${at})
    on conflict on constraint campaign_once_per_link do nothing`.execute(executor);
  return numAffectedRows === 1n;
}

export async function findCampaign(
  executor: Executor,
  link: string,
): Promise<Campaign | undefined> {
  const { rows } = await sql<CampaignRow>`
    select link, title, service, operator, locale, texts, translations, open
    from acquisition.campaign where link = ${link}`.execute(executor);
  return rows[0] && fromRow(rows[0]);
}

/** Newest first. */
export async function readCampaigns(
  executor: Executor,
  limit: number,
): Promise<readonly Campaign[]> {
  const { rows } = await sql<CampaignRow>`
    select link, title, service, operator, locale, texts, translations, open
    from acquisition.campaign order by id desc limit ${limit}`.execute(executor);
  return rows.map(fromRow);
}

/** False when there is none of that link. */
export async function updateCampaignOpen(
  executor: Executor,
  change: { readonly link: string; readonly open: boolean },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update acquisition.campaign set open = ${change.open} where link = ${change.link}`.execute(
    executor,
  );
  return numAffectedRows === 1n;
}
