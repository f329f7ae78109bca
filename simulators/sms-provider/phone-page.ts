import {
  bubble,
  escapeHtml,
  json,
  phonePage,
  quickForms,
  type Reply,
  timeTag,
} from '#simulators/kit';
import {
  type Incoming,
  joinParts,
  type Line,
  type Message,
  type ProviderName,
  type SmsCentre,
  type Whole,
} from '#simulators/sms-provider/centre';

const linesShown = 200;
const quickTexts = ['STOP', 'HELP', 'СТОП'] as const;

const titles: Readonly<Record<ProviderName, string>> = {
  smsc: 'SMSC.ru',
  'sms-aero': 'SMS Aero',
  'sms-ru': 'sms.ru',
  exolve: 'MTS Exolve',
  twilio: 'Twilio',
  'generic-http': 'Generic HTTP',
  smpp: 'SMPP',
};

/** A handset, bubble by bubble. Works without JavaScript; with it, the conversation renews itself. */
export function handsetPage(centre: SmsCentre, msisdn: string): Reply {
  const lines = centre.ledger.linesOf(msisdn);
  const sender = lines.findLast((line) => line.direction === 'in');
  const to = sender?.direction === 'in' ? sender.message.from : '';
  return phonePage({
    title: `+${msisdn} · SMS providers`,
    main: `<div class="phone" data-live="/phones/${msisdn}/live" data-revision="${revisionOf(lines)}">
<header>
<a class="back" href="/" aria-label="Choose another phone">‹</a>
<h1>+${msisdn}</h1>
<p class="count" data-part="count" role="status">${countOf(lines)}</p>
</header>
<main class="conversation" aria-label="Messages">
<div class="messages" data-part="messages" role="log" tabindex="0" aria-label="Conversation">${conversation(centre, lines)}</div>
${composer(msisdn, to)}
</main>
</div>`,
  });
}

/** What the page's script asks for each second; the parts are left out while nothing has changed. */
export function livePage(centre: SmsCentre, msisdn: string, seen: string | null): Reply {
  const lines = centre.ledger.linesOf(msisdn);
  const revision = revisionOf(lines);
  const parts = { messages: conversation(centre, lines), count: countOf(lines) };
  const live = seen === revision ? { revision } : { revision, parts };
  return json(200, live, { 'cache-control': 'no-store' });
}

interface Item {
  readonly atMs: number;
  readonly html: string;
}

/** Texts that were cut stand there joined, where their last part came. */
function conversation(centre: SmsCentre, lines: readonly Line[]): string {
  if (lines.length === 0) return '<p class="empty">Nothing has reached this phone yet.</p>';
  const shown = lines.slice(-linesShown);
  const received = shown.flatMap((line) => (line.direction === 'in' ? [line.message] : []));
  const said = shown.flatMap((line) => (line.direction === 'out' ? [line.incoming] : []));
  const items = [
    ...joinParts(received).map(fromWhole),
    ...said.map((one) => fromSaid(centre, one)),
  ];
  const more = lines.length - shown.length;
  const before = more > 0 ? `<p class="empty">${more} earlier ones</p>` : '';
  const sorted = items.sort((left, right) => left.atMs - right.atMs);
  return before + sorted.map(({ html }) => html).join('');
}

function fromWhole({ isComplete, messages, text }: Whole): Item {
  const [first] = messages;
  if (!first) throw new Error('must hold: a text has a message');
  const atMs = Math.max(...messages.map(receivedMs));
  const missing = `${messages.length} of ${first.part?.total} parts`;
  const count = first.part ? messages.length : first.parts;
  const parts = isComplete ? (count > 1 ? [`${count} parts`] : []) : [missing];
  const foot = [escapeHtml(first.from), titles[first.provider], ...parts, timeOf(atMs)];
  return { atMs, html: bubble('in', text, foot) };
}

function fromSaid(centre: SmsCentre, { atMs, provider, text, to }: Incoming): Item {
  const isHeard = provider === 'smpp' || centre.settingsOf(provider).moUrl !== '';
  const foot = [
    ...(to === '' ? [] : [`To ${escapeHtml(to)}`]),
    ...[titles[provider], ...(isHeard ? [] : ['nobody listens']), timeOf(atMs)],
  ];
  return { atMs, html: bubble('out', text, foot) };
}

function timeOf(atMs: number): string {
  return timeTag(new Date(atMs).toISOString());
}

function receivedMs({ acceptedMs, receivedMs: atMs }: Message): number {
  return atMs ?? acceptedMs;
}

function countOf(lines: readonly Line[]): string {
  const received = lines.filter(({ direction }) => direction === 'in').length;
  return `${received} received · times in UTC`;
}

/** A reset makes it other as well: the first line is another one then. */
function revisionOf(lines: readonly Line[]): string {
  const [first] = lines;
  const firstMs = first?.direction === 'in' ? receivedMs(first.message) : first?.incoming.atMs;
  return `${lines.length}.${firstMs ?? 0}`;
}

function composer(msisdn: string, to: string): string {
  const action = `/handsets/${msisdn}/say`;
  const receiver = escapeHtml(to);
  return `${quickForms(action, to, quickTexts)}
<form class="composer" action="${action}" method="post" data-send>
<div><label for="to">To</label><input id="to" name="to" maxlength="40" value="${receiver}" placeholder="anyone"></div>
<div class="grow"><label for="text">Message</label><input id="text" name="text" required maxlength="2000" autocomplete="off" placeholder="STOP"></div>
<button class="primary">Send</button>
</form>
<p class="problem send-problem" data-problem role="alert" hidden></p>`;
}
