export type { Answer } from './answer.ts';
export type { Campaign, CampaignTexts, NewCampaign } from './campaign.ts';
export {
  type Acquisition,
  type AcquisitionOptions,
  createAcquisition,
} from './create-acquisition.ts';
export { registerAcquisitionRoutes } from './http.ts';
export { isLandingPage, renderLandingProblem, renderProblemPage } from './notice-page.ts';
export { type PageParts, renderFrame } from './page-frame.ts';
export { AccessCampaign, accessCampaign } from './topics.ts';
export type { Visitor } from './visitor.ts';
