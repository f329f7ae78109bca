/**
 * How many of `most` each class gets, the higher first; each lower one that waits keeps a tenth (of a batch under
 * ten: of the batches), and what a class can't use goes to those after it. The same rule as that of `bus_take`.
 */
export function shareOut(
  waiting: readonly number[],
  most: number,
  random: () => number = Math.random,
): number[] {
  const kept = waiting.map((count, at) =>
    at > 0 && count > 0 ? Math.floor(most / 10 + random()) : 0,
  );
  const shares = waiting.map(() => 0);
  let left = most;
  for (const keeping of [kept, waiting.map(() => 0)]) {
    for (const [at, count] of waiting.entries()) {
      const forLower = keeping.slice(at + 1).reduce((sum, one) => sum + one, 0);
      const share = Math.max(0, Math.min(count - (shares[at] ?? 0), left - forLower));
      shares[at] = (shares[at] ?? 0) + share;
      left -= share;
    }
    if (left < most) break;
  }
  return shares;
}
