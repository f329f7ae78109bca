import type { Rule } from './project.ts';

const LINES_MAX = 500;

/** A file that does not fit a reader's head is two. (Functions: Biome's `noExcessiveLinesPerFunction`.) */
export const fileLength: Rule = (project) =>
  project.files.flatMap((file) => {
    const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
    if (lines <= LINES_MAX) return [];
    const message = `${lines} lines, ${LINES_MAX} at most`;
    return [{ path: file.path, line: LINES_MAX + 1, message }];
  });
