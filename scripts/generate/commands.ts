import { COMMANDS } from '#cli/commands';
import { runCli } from '#cli/run-cli';
import type { Generator } from './generator.ts';
import { head } from './markdown.ts';

/** Every command as it explains itself. */
export const commandsReference: Generator = {
  path: 'docs/reference/commands.md',
  async generate({ root }) {
    const pages = [await helpOf(root)];
    for (const { name } of COMMANDS) pages.push(await helpOf(root, name));
    return [
      head('Commands', 'what `kopek --help` prints'),
      'In the folder of Kopek: `npx kopek <command>`, or `npm start` for `kopek up`.\n',
      ...pages,
    ].join('\n');
  },
};

async function helpOf(root: string, command?: string): Promise<string> {
  const lines: string[] = [];
  await runCli({
    args: ['help', ...(command === undefined ? [] : [command])],
    terminal: {
      out: (line = '') => void lines.push(line),
      err: (line = '') => void lines.push(line),
      rewrite: () => {},
      isTty: false,
      columns: Number.POSITIVE_INFINITY,
      paint: (_tone, text) => text,
    },
    ...{ root, version: '' },
    startApp: () => Promise.reject(new Error('help starts nothing')),
  });
  // Of the whole help the first line tells the version, which would make this page stale with every release.
  const text = command === undefined ? lines.slice(1) : lines;
  const title = command === undefined ? '' : `## ${command}\n\n`;
  return `${title}\`\`\`text\n${text.join('\n').trimEnd()}\n\`\`\`\n`;
}
