/** Counters by method and code; the text of `GET /metrics` is made from them when asked. */
export class CallCounters {
  readonly #byMethod = new Map<string, Map<string | number, number>>();

  count(method: string, code: string | number): void {
    const codes = this.#byMethod.get(method);
    if (codes === undefined) this.#byMethod.set(method, new Map([[code, 1]]));
    else codes.set(code, (codes.get(code) ?? 0) + 1);
  }

  clear(): void {
    this.#byMethod.clear();
  }

  lines(): readonly string[] {
    return [...this.#byMethod].flatMap(([method, codes]) =>
      [...codes].map(
        ([code, count]) => `operator_calls_total{method="${method}",code="${code}"} ${count}`,
      ),
    );
  }
}

export interface Gauge {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly text: string;
  readonly value: number;
}

export function formatMetrics(calls: CallCounters, gauges: readonly Gauge[]): string {
  const lines = [
    '# HELP operator_calls_total Calls answered (or not), by method and response code.',
    '# TYPE operator_calls_total counter',
    ...calls.lines(),
  ];
  for (const { name, type, text, value } of gauges) {
    lines.push(`# HELP ${name} ${text}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}
