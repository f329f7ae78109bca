import type { Setting } from './setting.ts';

const COLUMNS = 98;

/** The text of `.env.example`: every setting, explained in a sentence, with what holds when it is not set. */
export function writeExample(settings: readonly Setting<unknown>[]): string {
  const head = [
    '# Every setting of Kopek. None is needed: what is not set has the value that stands here.',
    '# Copy what you change into .env. The environment wins over .env; `kopek check` tells what is wrong.',
  ];
  return `${[...head, ...settings.flatMap(explain)].join('\n')}\n`;
}

function explain(setting: Setting<unknown>): string[] {
  const value = typeof setting.fallback === 'string' ? setting.fallback : setting.fallbackShown;
  return ['', ...wrap(`${setting.sentence} (${setting.kind})`), `# ${setting.name}=${value ?? ''}`];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > COLUMNS) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
