import { lineAt, type Rule } from './project.ts';

/** `src/config.ts` reads the settings; the support of tests learns from the runner where its server is. */
const READERS = /^src\/config\.ts$|^src\/platform\/testing\/|\.test\.ts$/;
const READS =
  /\bprocess\s*(?:\??\.\s*env\b|\[\s*['"]env['"]\s*\])|\benv\b[^;\n]*(?:\bfrom 'node:process'|=\s*process\b)/g;

/** Settings have one reader, which checks and documents them all; scripts and benchmarks are no part of Kopek. */
export const environment: Rule = (project) =>
  project.files
    .filter((file) => /^(?:src|simulators)\//.test(file.path) && !READERS.test(file.path))
    .flatMap((file) =>
      [...file.code.matchAll(READS)].map((found) => ({
        path: file.path,
        line: lineAt(file.code, found.index),
        message: 'process.env is read in src/config.ts only: take the value as an option',
      })),
    );
