/** What customers send, and whose it is. */

export { type IncomingRoutesOptions, registerIncomingRoutes } from './http-incoming.ts';
export { deleteKeyword, readKeywords, saveKeyword } from './incoming-store.ts';
export { readSender, storable, storableOutcome, storableReport } from './incoming-text.ts';
export { spellKeyword } from './keyword.ts';
export { type Received, type Reception, receiveMessage } from './receive-messages.ts';
export { isStop } from './stop-words.ts';
