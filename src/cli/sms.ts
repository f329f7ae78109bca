import { maskMsisdn } from '#phone';
import { readSmsStory, type SmsChapter } from '#sms';
import type { Command } from './command.ts';
import { formatTime } from './event-line.ts';
import { EXIT } from './exit.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';
import type { Terminal } from './terminal.ts';

const MARKS = {
  passes: '✓',
  restricts: '✓',
  defers: '…',
  rejects: '✗',
  not_applicable: '·',
} as const;
const RULE_COLUMNS = 28;

export const smsCommand: Command = {
  usage: 'sms <sms_…> [--json]',
  help: `What became of one message, and why: every state, and under it what each rule said.

--json   one JSON document`,
  options: { json: { type: 'boolean' } },
  words: { least: 1, most: 1 },
  async run(call) {
    const [id = ''] = call.positionals;
    const database = await openRunningDatabase(mustReadConfig(call), 'sms');
    try {
      const story = await readSmsStory(database.pool, id);
      if (!story) {
        call.terminal.err(
          `There is no message ${id}. kopek follow <number> shows those of a number.`,
        );
        return EXIT.failed;
      }
      const { chapters, message } = story;
      if (call.values.json) {
        const { recipient, sender, state } = message;
        call.terminal.out(JSON.stringify({ sms: id, recipient, sender, state, history: chapters }));
        return EXIT.done;
      }
      const { class: kind, entity, recipient, segments, sender } = message;
      const facts = [entity, kind, `${sender} → ${maskMsisdn(recipient)}`, partsOf(segments ?? 1)];
      call.terminal.out(`\n  ${id}   ${facts.filter((fact) => fact !== null).join(' · ')}\n`);
      for (const chapter of chapters)
        for (const line of linesOf(call.terminal, chapter)) call.terminal.out(line);
      return EXIT.done;
    } finally {
      await database.close();
    }
  },
};

const partsOf = (count: number) => (count === 1 ? '1 part' : `${count} parts`);

function linesOf(terminal: Terminal, chapter: SmsChapter): readonly string[] {
  const { at, provider, reason, state, trace } = chapter;
  const facts = [provider, reason].filter((fact) => fact !== null && fact !== '').join(' · ');
  return [
    `  ${formatTime(at)}  ${terminal.paint('strong', state.padEnd(12))} ${facts}`.trimEnd(),
    ...trace.map(({ result, rule, text }) => {
      const tone = result === 'rejects' || result === 'defers' ? 'warning' : 'quiet';
      return terminal.paint(tone, `      ${MARKS[result]} ${rule.padEnd(RULE_COLUMNS)} ${text}`);
    }),
  ];
}
