import { lineAt, type Rule } from './project.ts';

/** A marker without an issue's number soon after it. */
const OPEN_END = /\b(?:TODO|FIXME|XXX|HACK)\b(?![\s(:]*(?:issue\s*)?#\d+)/g;

/** What is left to do stands in an issue, and its comment names it: `TODO #12: …`, `TODO(#12) …`. */
export const openEnds: Rule = (project) =>
  project.files.flatMap((file) =>
    [...file.comments.matchAll(OPEN_END)].map((found) => ({
      path: file.path,
      line: lineAt(file.comments, found.index),
      message: `${found[0]} without the number of its issue`,
    })),
  );
