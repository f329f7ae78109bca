/** What waits for people, over all domains. */

export {
  type Attention,
  type AttentionReader,
  createAttention,
  listAttention,
} from './attention.ts';
export { addAttentionMetrics } from './attention-metrics.ts';
export { type AttentionRoutesOptions, attentionToApi, registerAttentionRoutes } from './http.ts';
