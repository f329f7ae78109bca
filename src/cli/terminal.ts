/** Where a command speaks. Facts go to `out`; what concerns the person, not the script, goes to `err`. */
export interface Terminal {
  out(line?: string): void;
  err(line?: string): void;
  /** Writes over the line that it wrote last, where a person looks; a line of `out` or `err` goes over it too. */
  rewrite(line: string): void;
  /** A person looks at `out`. */
  readonly isTty: boolean;
  /** Letters that fit in a line; without a person there is no limit. */
  readonly columns: number;
  paint(tone: Tone, text: string): string;
}

export type Tone = 'good' | 'bad' | 'warning' | 'quiet' | 'strong';

const CODES: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  good: [32, 39],
  bad: [31, 39],
  warning: [33, 39],
  quiet: [2, 22],
  strong: [1, 22],
};

/** The terminal of this process. Colours only for a person who has not asked for none (no-color.org). */
export function processTerminal(options: { readonly noColour: boolean }): Terminal {
  const { stdout, stderr } = process;
  // A reader that went away (`| head`) is no failure of ours.
  for (const stream of [stdout, stderr]) stream.on('error', leaveOnBrokenPipe);
  const coloured = stdout.isTTY === true && !options.noColour;
  return {
    out: (line = '') => void stdout.write(`${line}\n`),
    err: (line = '') => void stderr.write(`${line}\n`),
    rewrite: (line) => void (stdout.isTTY && stdout.write(`\r\x1b[2K${line}`)),
    isTty: stdout.isTTY === true,
    columns: stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY,
    paint: (tone, text) =>
      coloured ? `\x1b[${CODES[tone][0]}m${text}\x1b[${CODES[tone][1]}m` : text,
  };
}

function leaveOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}
