import { type Static, Type } from 'typebox';
import { defineTopic } from '#bus';

/** One view of a campaign's landing page, and how the visitor's number was learned, if it was. */
export const AccessCampaign = Type.Object({
  hit: Type.String({ description: 'hit_…: the visit that begins here' }),
  campaign: Type.String({ description: 'the link of the campaign' }),
  msisdn: Type.Optional(Type.String({ description: 'E.164 with the plus' })),
  msisdn_source: Type.Union([
    Type.Literal('operator_header'),
    Type.Literal('query'),
    Type.Literal('none'),
  ]),
  /** Why a number that came along was not believed. */
  msisdn_error: Type.Optional(
    Type.String({ description: 'msisdn_invalid, msisdn_foreign, header_untrusted' }),
  ),
  aff_sub: Type.Optional(Type.String()),
  aff_pub: Type.Optional(Type.String()),
  user_agent: Type.Optional(Type.String()),
  address: Type.String(),
  referer: Type.Optional(Type.String()),
  path: Type.String({ description: 'without its query, in which numbers stand' }),
  at: Type.String({ format: 'date-time' }),
});
export type AccessCampaign = Static<typeof AccessCampaign>;

export const accessCampaign = defineTopic<AccessCampaign>('xmp_access_campaign', {
  schema: AccessCampaign,
  description: 'Views of landing pages.',
});
