import { type Comparison, type PreviewLine, previewSet } from '#rules';
import { parseRuleSet } from '#rules/decision';
import { readLaws } from '#rules/laws';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import type { RulesTools } from './rules.ts';
import type { Terminal } from './terminal.ts';

const BAR_WIDTH = 30;
/** Without a person the progress is a line now and then. */
const LINE_PERCENT = 25;
const SINCE_DEFAULT = '7d';
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const SINCE_MOST_MS = 550 * 86_400_000;

/** `kopek rules preview`: a table of what was decided against what would be. */
export async function previewRules(
  { terminal, values }: Call,
  { clock, database }: RulesTools,
  document: unknown,
): Promise<number> {
  const now = clock.now();
  const given = typeof values.since === 'string' ? values.since : SINCE_DEFAULT;
  const entity = typeof values.entity === 'string' ? { entity: values.entity } : {};
  const { numbers } = await readLaws();
  const comparison = await previewSet({
    ...{ database, numbers, set: parseRuleSet(document), since: readSince(given, now) },
    ...{ until: now, ...entity },
    ...(values.json ? {} : { progress: showProgress(terminal) }),
  });
  if (values.json) {
    const { changed, leftOut, lines, messages } = comparison;
    terminal.out(JSON.stringify({ messages, changed, left_out: leftOut, lines }));
  } else tell(terminal, comparison);
  return EXIT.done;
}

function readSince(text: string, now: Date): Date {
  const [, count, unit = ''] = /^([1-9]\d{0,3})([hdw])$/.exec(text) ?? [];
  const since =
    count === undefined
      ? new Date(`${text}T00:00:00Z`)
      : new Date(now.getTime() - Number(count) * (UNIT_MS[unit] ?? 0));
  const back = now.getTime() - since.getTime();
  if (back > 0 && back <= SINCE_MOST_MS) return since;
  throw new Refusal(
    EXIT.usage,
    '--since is 12h, 7d or 2w, or a day of the past such as 2026-11-01.',
  );
}

/** A bar where a person looks; a line for each quarter elsewhere. */
function showProgress(terminal: Terminal): (of: { done: number; total: number }) => void {
  let told = 0;
  return ({ done, total }) => {
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const percent = Math.floor(share * 100);
    if (terminal.isTty) {
      const full = Math.round(share * BAR_WIDTH);
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`;
      terminal.rewrite(`  ${bar} ${String(percent).padStart(3)} %  ${done} questions`);
    } else if (percent >= told + LINE_PERCENT) {
      told = percent;
      terminal.err(`${percent} %, ${done} questions`);
    }
  };
}

function tell(terminal: Terminal, comparison: Comparison): void {
  const { changed, leftOut, lines, messages } = comparison;
  if (terminal.isTty) terminal.rewrite('');
  if (messages > 0) terminal.out(`${'was'.padEnd(34)} ${'would be'.padEnd(34)} messages`);
  for (const line of lines) tellLine(terminal, line);
  terminal.out(`${messages} messages, of which ${changed} would have been decided otherwise.`);
  if (leftOut > 0)
    terminal.out(`${leftOut} were rejected for their text, which nobody can judge again.`);
}

function tellLine(terminal: Terminal, line: PreviewLine): void {
  const { count, decided, decidedReason, examples, would, wouldReason } = line;
  const words = (outcome: string, reason: string | null) =>
    (reason === null ? outcome : `${outcome} ${reason}`).padEnd(34);
  const tone = decided === would ? 'quiet' : 'strong';
  const text = `${words(decided, decidedReason)} ${words(would, wouldReason)} ${String(count).padStart(8)}`;
  terminal.out(terminal.paint(tone, text));
  if (decided === would) return;
  for (const { at, message, why } of examples)
    terminal.out(terminal.paint('quiet', `    ${at.toISOString()}  ${message}  ${why}`));
}
