/** Everybody of older versions onto a newer price: looked at, told, asked, moved. */

export { agreeToMove, endUnagreed, keepOldPrice, laterOf } from './move-ahead.ts';
export type { PriceMove } from './move-store.ts';
export { createMoves, type MovePart, type MoveReport, type Moves, type NewMove } from './moves.ts';
export { runMoves } from './run-moves.ts';
export { stopMoves } from './stop-moves.ts';
