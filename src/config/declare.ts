import * as parse from './parsers.ts';
import type { Setting } from './setting.ts';

export function setting<Value>(declared: Setting<Value>): Setting<Value> {
  return declared;
}

/** A process's own port. It matters when that process runs alone. */
export function processPort(name: string, of: string, fallback: string): Setting<number> {
  const sentence = `Port of ${of} when it runs apart from the others, with its /metrics and health.`;
  return setting({ name, kind: 'port', sentence, fallback, parse: parse.parsePort });
}
