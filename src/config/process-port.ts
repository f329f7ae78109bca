import { parsePort } from './parsers.ts';
import { type Setting, setting } from './setting.ts';

/** A process's own port. It matters when that process runs alone. */
export function processPort(name: string, of: string, fallback: string): Setting<number> {
  const sentence = `Port of ${of} when it runs apart from the others, with its /metrics and health.`;
  return setting({ name, kind: 'port', sentence, fallback, parse: parsePort });
}
