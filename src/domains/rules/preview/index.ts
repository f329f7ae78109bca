/** What a set of rules would have said of messages that went. */

export { type PreviewOptions, previewSet } from './preview-set.ts';
export type { Comparison, PreviewExample, PreviewLine } from './preview-table.ts';
