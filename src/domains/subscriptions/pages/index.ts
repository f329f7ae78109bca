/** How pages of the customer look: the frame, its small parts, and facts as they are said. */
export {
  type FrameParts,
  type NoticeParts,
  type PageScripts,
  renderAmountOn,
  renderChip,
  renderFacts,
  renderFrame,
  renderNotice,
  type Tone,
} from './page-frame.ts';
export { sayCard, sayDay, sayInterval, sayMoment, sayMoney } from './say-facts.ts';
