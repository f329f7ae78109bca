import { parseEnv } from 'node:util';

/** A value of a `.env` file and the line it stands on. */
export interface FileValue {
  readonly value: string;
  readonly line: number;
}

/** Reads the text of a `.env` file, as `node --env-file` does; a name that comes twice has its last value. */
export function readDotenv(text: string): ReadonlyMap<string, FileValue> {
  const lines = text.split('\n');
  return new Map(
    Object.entries(parseEnv(text)).map(([name, value]) => {
      const line = lines.findLastIndex((candidate) => nameOf(candidate) === name) + 1;
      return [name, { value: value ?? '', line }];
    }),
  );
}

function nameOf(line: string): string | undefined {
  return /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/.exec(line)?.[1];
}
