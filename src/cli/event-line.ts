import { formatMoney } from '#money';
import { maskMsisdn } from '#phone';
import type { StoryEvent } from '#reports';

/** Facts worth a place in a line, in the order in which they are read. */
const SHOWN = [
  'campaign',
  'aff_sub',
  'aff_pub',
  'service',
  'status',
  'gateway',
  'kind',
  'text',
  'item',
  'reason',
  'error',
  'bill',
  'provider',
  'not_before',
  'decision',
] as const;
/** Said by the event itself. */
const REPEATED: Readonly<Record<string, readonly string[]>> = {
  sms: ['bill'],
  content: ['bill'],
};

const SUBJECT_COLUMNS = 22;
const WHO_COLUMNS = 14;
/** What the story of a partner begins with. */
const CLIENT = 'client:';

/** Decisions that keep a message from leaving, or from leaving now: whoever reads the line wants to know why. */
const DECISIVE = new Set(['sms.deferred', 'sms.rejected']);
const INDENT = '      ';

/**
 * One line of a story: when, what, which, how much, and the facts. Columns stand below each other. Reasons for which the line
 * has no room stand below it.
 */
export function eventLine(event: StoryEvent, { columns }: { readonly columns: number }): string {
  return fit(event, columns, (line) => line);
}

/** The same among everybody's: with the number, masked. */
export function pipelineLine(
  event: StoryEvent & { readonly story: string },
  { columns }: { readonly columns: number },
): string {
  const who = whoOf(event.story);
  const at = formatTime(event.at).length + 2;
  return fit(
    event,
    columns,
    (line) => `${line.slice(0, at)} ${who.padEnd(WHO_COLUMNS)}${line.slice(at)}`,
  );
}

function fit(event: StoryEvent, columns: number, dress: (line: string) => string): string {
  const whole = dress(lineOf(event, SHOWN));
  const { decision } = event.detail;
  if (whole.length <= columns || !DECISIVE.has(event.kind) || !Array.isArray(decision))
    return cut(whole, columns);
  const short = dress(
    lineOf(
      event,
      SHOWN.filter((name) => name !== 'decision'),
    ),
  );
  const reasons = decision.flatMap((reason) => fold(plain(reason), columns - INDENT.length));
  return [cut(short, columns), ...reasons.map((line) => INDENT + line)].join('\n');
}

function lineOf(event: StoryEvent, shown: readonly string[]): string {
  const [noun = '', ...words] = event.kind.split('.');
  const line = [
    formatTime(event.at),
    noun.padEnd(12),
    words.join('.').padEnd(15),
    shorten(plain(event.subject)).padEnd(SUBJECT_COLUMNS),
    formatAmount(event).padStart(10),
    ` ${factsOf(shown, noun, event)}`,
  ].join(' ');
  return `  ${line}`.trimEnd();
}

function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}

/** Between words; a word that is longer than a line is cut. */
function fold(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(cut(word, columns));
  }
  return lines;
}

/** A number, masked; a partner's id; nobody is named while only a hit is known. */
function whoOf(story: string): string {
  if (story.startsWith('+')) return maskMsisdn(story);
  return story.startsWith(CLIENT) ? plain(story.slice(CLIENT.length)).slice(0, WHO_COLUMNS) : '';
}

/** `20 Nov 14:06:34.120`, in the time of this machine. */
export function formatTime(at: Date): string {
  const day = at.toLocaleDateString('en-GB', { day: '2-digit', month: 'short' });
  const time = at.toLocaleTimeString('en-GB', { hour12: false });
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** Of a long id its beginning, which tells the kind, and its end, which tells it from its neighbours. */
function shorten(id: string): string {
  return id.length <= SUBJECT_COLUMNS ? id : `${id.slice(0, 10)}…${id.slice(-11)}`;
}

function formatAmount({ detail }: StoryEvent): string {
  const { amount_minor: amount, currency } = detail;
  if (typeof amount !== 'number' || typeof currency !== 'string') return '';
  return formatMoney({ amountMinor: BigInt(amount), currency });
}

function factsOf(shown: readonly string[], noun: string, { detail }: StoryEvent): string {
  const hidden = REPEATED[noun] ?? [];
  return shown
    .filter((name) => !hidden.includes(name) && detail[name] !== undefined)
    .map((name) => factOf(name, detail[name]))
    .join(' · ');
}

function factOf(name: string, value: unknown): string {
  if (name === 'text') return `"${plain(value)}"`;
  if (name === 'not_before') return `not before ${formatTime(new Date(String(value)))}`;
  return Array.isArray(value) ? value.map(plain).join('; ') : plain(value);
}

/** Texts come from strangers: what would move the cursor or change colours is taken out. */
function plain(value: unknown): string {
  return String(value).replaceAll(/\p{Cc}+/gu, ' ');
}
