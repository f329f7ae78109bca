/** How pages of the customer look: the frame, its small parts, and facts as they are said. */
export {
  type FrameParts,
  type NoticeParts,
  type PageScripts,
  renderAmountOn,
  renderChip,
  renderFacts,
  renderFrame,
  renderLanguages,
  renderNotice,
  renderPrice,
  type Tone,
} from './page-frame.ts';
export { renderCustomerProblem } from './problem-page.ts';
export { sayCard } from './say-facts.ts';
