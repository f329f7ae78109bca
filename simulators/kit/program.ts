/** A simulator's event as a line of JSON on stderr: stdout belongs to the line that says it is ready. */
export function logLine(event: string, details: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${JSON.stringify({ event, ...details })}\n`);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

/** The command line is wrong: says why, and the process ends with 2. */
export function refuseOptions(reason: string): void {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 2;
}

/** Says on stdout that it is ready, and closes it when the process is told to end. */
export function runUntilStopped(
  simulator: { readonly close: () => Promise<void> },
  ports: Readonly<Record<string, number>>,
): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void simulator.close().then(() => process.exit(0)));
  }
  process.stdout.write(`${JSON.stringify({ ready: true, ...ports })}\n`);
}
