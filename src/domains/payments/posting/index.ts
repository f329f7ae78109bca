/** What gateways took, gave back and kept, as transfers of the ledger. */

export { type GatewayMove, type MoveKind, moveId, toTransfers } from './gateway-moves.ts';
export { createPosting, type Posting, toCharge } from './post-charges.ts';
export { postMoves } from './post-moves.ts';
export { postUnposted } from './post-unposted.ts';
export { type PostingsVerified, verifyPostings } from './verify-postings.ts';
