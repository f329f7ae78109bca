import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { EXPLANATIONS } from './explanations.ts';
import { Refusal } from './refusal.ts';

export const explain: Command = {
  usage: 'explain <KOP-nnnn>',
  help: 'Prints what a code means and what to do. Without a code: all of them, a line each.',
  options: {},
  words: { least: 0, most: 1 },
  async run({ positionals, terminal }) {
    const [asked] = positionals;
    if (asked === undefined) {
      for (const { code, title } of EXPLANATIONS) terminal.out(`${code}  ${title}`);
      return EXIT.done;
    }
    const number = /^(?:KOP-?)?(\d{1,4})$/i.exec(asked)?.[1]?.padStart(4, '0');
    const found = EXPLANATIONS.find(({ code }) => code === `KOP-${number}`);
    if (!found) {
      const advice = ['kopek explain     lists all codes'];
      throw new Refusal(EXIT.notFound, `There is no code ${asked}.`, { advice });
    }
    terminal.out(`${found.code}  ${found.title}\n`);
    for (const line of found.text.split('\n')) terminal.out(`  ${line}`);
    return EXIT.done;
  },
};
