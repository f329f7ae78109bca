import { DOMAINS, ownerOf } from './layers.ts';
import { isOfTests, lineAt, type Rule } from './project.ts';

/** A table is named in a string of its own (Kysely), or after one of the words that SQL puts before it. */
const TABLE = /(?:['"]|\b(?:from|join|into|update|table|only|using)\s+)((\w+)\.\w+)/g;

/** A domain's SQL names its own schema only; another's facts come through its door or as events. */
export const foreignTables: Rule = (project) =>
  project.files
    .filter((file) => /^src\/(?:domains|platform)\//.test(file.path))
    .filter((file) => !isOfTests(project, file.path))
    .flatMap((file) => {
      const { unit } = ownerOf(file.path);
      return [...file.code.matchAll(TABLE)]
        .filter(([, table = '', schema = '']) => {
          const foreign = DOMAINS.includes(schema) && unit !== `src/domains/${schema}`;
          return foreign && project.tables.has(table);
        })
        .map((found) => ({
          path: file.path,
          line: lineAt(file.code, found.index),
          message: `${unit} names a table of another domain: ${found[1]}`,
        }));
    });
