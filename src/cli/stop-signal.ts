/** A person, or a supervisor, wants the process to end. */
export interface StopSignal {
  readonly asked: Promise<NodeJS.Signals>;
  /** Aborts with the first one. */
  readonly signal: AbortSignal;
  close(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm hands one Ctrl-C on a second time: only what comes later is a person who has lost patience. */
const ECHO_MS = 1500;

/** `force` is called when a signal comes again, later than an echo would. */
export function listenForStop(
  force: () => void,
  { echoMs = ECHO_MS }: { readonly echoMs?: number } = {},
): StopSignal {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const controller = new AbortController();
  let firstMs: number | undefined;
  const hear = (name: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs !== undefined && nowMs - firstMs > echoMs) force();
    firstMs ??= nowMs;
    controller.abort();
    resolve(name);
  };
  for (const name of SIGNALS) process.on(name, hear);
  return {
    asked: promise,
    signal: controller.signal,
    close() {
      for (const name of SIGNALS) process.off(name, hear);
    },
  };
}
