import { type Project, type Rule, readDoors, readSource } from './project.ts';

const DOORS = {
  '#config': './src/config.ts',
  '#bus': './src/platform/bus/index.ts',
  '#database': './src/platform/database/index.ts',
  '#testing': './src/platform/testing/index.ts',
  '#ledger': './src/domains/ledger/index.ts',
  '#operators': './src/domains/operators/index.ts',
  '#payments': './src/domains/payments/index.ts',
  '#payments/gateway': './src/domains/payments/gateway.ts',
  '#payments/intake': './src/domains/payments/intake/index.ts',
  '#payments/news': './src/domains/payments/news/index.ts',
  '#payments/stage': './src/domains/payments/stage/index.ts',
  '#sms': './src/domains/sms/index.ts',
  '#subscriptions': './src/domains/subscriptions/index.ts',
  '#simulators/kit': './simulators/kit/index.ts',
  '#simulators/operator': './simulators/operator/index.ts',
  '#db/types': './db/types.ts',
};

/** A project made of these sources and documents, for the rules' tests. */
export function sampleProject(
  texts: Readonly<Record<string, string>>,
  documents: Readonly<Record<string, string>> = {},
): Project {
  const files = [...Object.keys(texts), ...Object.keys(documents)];
  const folders = files.flatMap((path) =>
    path.split('/').map((_, count, parts) => parts.slice(0, count).join('/')),
  );
  return {
    files: Object.entries(texts).map(([path, text]) => readSource(path, text)),
    documents: Object.entries(documents).map(([path, text]) => ({ path, text })),
    paths: new Set([...files, ...folders]),
    doors: readDoors(DOORS),
    tables: new Set(['payments.payment', 'sms.message']),
  };
}

/** What `rule` finds in one file, as `line: message`. */
export function findIn(rule: Rule, path: string, text: string): readonly string[] {
  return rule(sampleProject({ [path]: text })).map(({ line, message }) => `${line}: ${message}`);
}
