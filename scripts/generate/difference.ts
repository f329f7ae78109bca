const LINES_MAX = 12;

/** The lines in which two texts differ, as few as show it: for a person who decides whether to regenerate. */
export function difference(before: string, after: string): readonly string[] {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (
    end < Math.min(old.length, fresh.length) - start &&
    old.at(-1 - end) === fresh.at(-1 - end)
  ) {
    end += 1;
  }
  const removed = old.slice(start, old.length - end).map((line) => `- ${line}`);
  const added = fresh.slice(start, fresh.length - end).map((line) => `+ ${line}`);
  const half = LINES_MAX / 2;
  return [`@@ line ${start + 1}`, ...shorten(removed, half), ...shorten(added, half)];
}

function shorten(lines: readonly string[], max: number): readonly string[] {
  return lines.length <= max
    ? lines
    : [...lines.slice(0, max), `${lines[0]?.[0]} … ${lines.length - max} more`];
}
