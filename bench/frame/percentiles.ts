/** `p50 3 ms, p95 9 ms, p99 20 ms` of what was measured in milliseconds. */
export function sayPercentiles(valuesMs: readonly number[]): string {
  const sorted = Float64Array.from(valuesMs).sort();
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const say = (ms: number) => (ms < 20 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en-US'));
  return `p50 ${say(at(0.5))} ms, p95 ${say(at(0.95))} ms, p99 ${say(at(0.99))} ms`;
}
