import { join } from 'node:path';
import { findProgram, runProgram } from './run-program.ts';
import { ServiceFault } from './service.ts';

/** What Kafka's broker needs since 4.0. */
export const JAVA_NEEDED = 17;

const LIMIT_MS = 20_000;

/** The Java of JAVA_HOME, or else of PATH; undefined when there is none. Throws when it is too old. */
export async function findJava(): Promise<string | undefined> {
  const home = process.env.JAVA_HOME;
  const java = findProgram('java', home ? [join(home, 'bin', 'java')] : []);
  if (!java) return undefined;
  const { output } = await runProgram(java, ['-version'], { limitMs: LIMIT_MS });
  const major = readJavaVersion(output);
  if (major === undefined || major >= JAVA_NEEDED) return java;
  throw new ServiceFault(`Kafka needs Java ${JAVA_NEEDED} or newer, and ${java} is ${major}.`, [
    'Set JAVA_HOME to a newer one.',
  ]);
}

/** 17 for `openjdk version "17.0.15"`, 8 for `"1.8.0_292"`. */
export function readJavaVersion(output: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
  return found === undefined ? undefined : Number(found);
}
