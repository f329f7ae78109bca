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

/** One line of a story: when, what, which, how much, and the facts. Columns stand below each other. */
export function eventLine(event: StoryEvent, options: { readonly columns: number }): string {
  const [noun = '', ...words] = event.kind.split('.');
  const line = [
    formatTime(event.at),
    noun.padEnd(12),
    words.join('.').padEnd(15),
    shorten(plain(event.subject)).padEnd(SUBJECT_COLUMNS),
    formatAmount(event).padStart(10),
    ` ${factsOf(noun, event)}`,
  ].join(' ');
  const whole = `  ${line}`.trimEnd();
  return whole.length <= options.columns ? whole : `${whole.slice(0, options.columns - 1)}…`;
}

/** The same among everybody's: with the number, masked. */
export function pipelineLine(
  event: StoryEvent & { readonly story: string },
  options: { readonly columns: number },
): string {
  const who = whoOf(event.story);
  const line = eventLine(event, { columns: Number.POSITIVE_INFINITY });
  const at = formatTime(event.at).length + 2;
  const whole = `${line.slice(0, at)} ${who.padEnd(WHO_COLUMNS)}${line.slice(at)}`;
  return whole.length <= options.columns ? whole : `${whole.slice(0, options.columns - 1)}…`;
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

function factsOf(noun: string, { detail }: StoryEvent): string {
  const hidden = REPEATED[noun] ?? [];
  return SHOWN.filter((name) => !hidden.includes(name) && detail[name] !== undefined)
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
