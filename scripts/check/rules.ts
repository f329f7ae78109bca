import { documentLinks } from './document-links.ts';
import { environment } from './environment.ts';
import { fileLength } from './file-length.ts';
import { foreignTables } from './foreign-tables.ts';
import { importCycles } from './import-cycles.ts';
import { importOrder } from './import-order.ts';
import { importPaths } from './import-paths.ts';
import { openEnds } from './open-ends.ts';
import { platformWords } from './platform-words.ts';
import type { Rule } from './project.ts';
import { roomCycles } from './room-cycles.ts';
import { simulatorsApart } from './simulators-apart.ts';

/** What `npm run check` calls the structure: the rules that no linter knows. */
export const rules: readonly Rule[] = [
  importPaths,
  importOrder,
  importCycles,
  roomCycles,
  simulatorsApart,
  environment,
  foreignTables,
  platformWords,
  documentLinks,
  fileLength,
  openEnds,
];
