const WIDTH = 30;
const LINE_PERCENT = 25;

/** A bar on stderr where a person looks; a line for each quarter elsewhere. */
export function showProgress(what: string): (done: number, of: number) => void {
  const { stderr } = process;
  let told = 0;
  return (done, of) => {
    const percent = of === 0 ? 100 : Math.floor((done / of) * 100);
    if (stderr.isTTY) {
      const full = Math.round((percent / 100) * WIDTH);
      const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
      stderr.write(
        `\r\x1b[2K  ${bar} ${String(percent).padStart(3)} %  ${what}${done < of ? '' : '\n'}`,
      );
    } else if (percent >= told + LINE_PERCENT) {
      told = percent;
      stderr.write(`  ${percent} %, ${what}\n`);
    }
  };
}
