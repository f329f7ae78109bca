export { type Content, type ContentOptions, createContent } from './create-content.ts';
export { registerContentRoutes } from './http.ts';
export type { Item } from './item.ts';
export type { PageFrame } from './page.ts';
export { ContentEvent, contentEvents } from './topics.ts';
export { contentGroup, startContentWorker } from './worker.ts';
