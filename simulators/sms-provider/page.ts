import { readFileSync } from 'node:fs';
import {
  behaviours,
  type Line,
  type Message,
  Problem,
  type SmsCentre,
} from '#simulators/sms-provider/centre';
import { json, type Reply } from '#simulators/sms-provider/contracts';
import { escapeHtml, linkify, page } from './html.ts';

const linesShown = 200;
const phonesShown = 24;
const quickTexts = ['STOP', 'HELP', 'СТОП'] as const;
const exampleNumber = '79161234567';

/** The script and the style are files, so that the pages need no exception in their policy. */
const files = new Map(
  [
    ['phone.css', 'text/css; charset=utf-8'],
    ['phone.js', 'text/javascript; charset=utf-8'],
  ].map(([name = '', type = '']) => [
    name,
    { type, body: readFileSync(new URL(name, import.meta.url), 'utf8') },
  ]),
);

export function pageFile(name: string): Reply {
  const file = files.get(name);
  if (!file) throw new Problem(404, 'Not found');
  const headers = { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };
  return { status: 200, ...file, headers };
}

/** `/`: whose phone is it? A number, however people type it, leads to its phone. */
export function chooserPage(centre: SmsCentre, wanted: string | null): Reply {
  const number = wanted?.replaceAll(/[\s()+-]/g, '') ?? '';
  if (/^\d{5,15}$/.test(number)) {
    return {
      status: 303,
      type: 'text/plain',
      body: '',
      headers: { location: `/phones/${number}` },
    };
  }
  const isWrong = wanted !== null;
  const problem = isWrong
    ? '<p class="problem" id="problem" role="alert">A phone number is 5 to 15 digits.</p>'
    : '';
  const marks = isWrong ? ' aria-invalid="true" aria-describedby="problem"' : '';
  const { ledger } = centre;
  const phones = ledger.handsets
    .slice(-phonesShown)
    .reverse()
    .map((phone) => phoneItem(phone, ledger.linesOf(phone)));
  return page({
    status: isWrong ? 400 : 200,
    title: 'Choose a phone',
    main: `<main class="chooser">
<h1>Whose phone?</h1>
<p class="dim">The simulated SMS providers. A phone shows what really reached it, and through whom.</p>
<form action="/" method="get" class="row">
<label for="msisdn">Phone number</label>
<input id="msisdn" name="msisdn" inputmode="tel" autocomplete="off" required value="${escapeHtml(wanted ?? exampleNumber)}"${marks}>
<button class="primary">Open</button>
</form>
${problem}
<h2>Lately in touch</h2>
${phones.length === 0 ? '<p class="empty">No handset has received anything yet.</p>' : `<ul class="phones">${phones.join('')}</ul>`}
${scenarioList(centre)}
<p class="dim links"><a href="/ledger">Ledger</a> <a href="/messages">Messages</a> <a href="/control/settings">Settings</a> <a href="/stats">Counts</a></p>
</main>`,
  });
}

/** A handset, bubble by bubble. Works without JavaScript; with it, the conversation renews itself. */
export function phonePage(centre: SmsCentre, msisdn: string): Reply {
  const lines = centre.ledger.linesOf(msisdn);
  const sender = lines.findLast((line) => line.direction === 'in');
  const to = sender?.direction === 'in' ? sender.message.from : '';
  return page({
    title: `+${msisdn}`,
    main: `<div class="phone" data-live="/phones/${msisdn}/live" data-revision="${revisionOf(lines)}">
<header>
<a class="back" href="/" aria-label="Choose another phone">‹</a>
<h1>+${msisdn}</h1>
<p class="count" data-part="count" role="status">${countOf(lines)}</p>
</header>
<main class="conversation" aria-label="Messages">
<div class="messages" data-part="messages" role="log" tabindex="0" aria-label="Conversation">${conversation(lines)}</div>
${composer(msisdn, to)}
</main>
</div>`,
  });
}

/** What the page's script asks for each second; the parts are left out while nothing has changed. */
export function livePage(centre: SmsCentre, msisdn: string, seen: string | null): Reply {
  const lines = centre.ledger.linesOf(msisdn);
  const revision = revisionOf(lines);
  const parts = { messages: conversation(lines), count: countOf(lines) };
  const live = seen === revision ? { revision } : { revision, parts };
  return json(200, live, { 'cache-control': 'no-store' });
}

export function problemPage(status: number, message: string): Reply {
  return page({
    status,
    title: 'It did not work',
    main: `<main class="chooser"><h1>It did not work</h1>
<p class="problem" role="alert">${escapeHtml(message)}.</p>
<p><a href="/">Choose a phone</a></p></main>`,
  });
}

function phoneItem(msisdn: string, lines: readonly Line[]): string {
  const last = lines.at(-1);
  const text =
    last === undefined ? '' : last.direction === 'in' ? last.message.text : last.incoming.text;
  return `<li><a href="/phones/${msisdn}">+${msisdn}</a> <span class="dim">${escapeHtml(text)}</span></li>`;
}

function scenarioList({ board }: SmsCentre): string {
  const scenarios = board.list();
  if (scenarios.length === 0) return '';
  const items = scenarios.slice(0, phonesShown).map(({ left, msisdn, name, provider }) => {
    const whom = [
      provider ?? 'every provider',
      msisdn === undefined ? 'every number' : `+${msisdn}`,
    ];
    const times = left === null ? '' : `, ${left} left`;
    return `<li><strong>${name}</strong> <span class="dim">${behaviours[name].meaning}: ${whom.join(', ')}${times}</span></li>`;
  });
  return `<h2>What will happen</h2><ul class="phones">${items.join('')}</ul>`;
}

function conversation(lines: readonly Line[]): string {
  if (lines.length === 0) return '<p class="empty">Nothing has reached this phone yet.</p>';
  const shown = lines.slice(-linesShown);
  const more = lines.length - shown.length;
  const before = more > 0 ? `<p class="empty">${more} earlier ones</p>` : '';
  return before + shown.map(bubble).join('');
}

function bubble(line: Line): string {
  if (line.direction === 'out') {
    const { atMs, provider, text, to } = line.incoming;
    const whom = to === '' ? '' : `To ${escapeHtml(to)} · `;
    return article('out', text, `${whom}${provider} · ${time(atMs)}`);
  }
  const { from, part, parts, provider, text } = line.message;
  const count = part
    ? ` · part ${part.number} of ${part.total}`
    : parts > 1
      ? ` · ${parts} parts`
      : '';
  return article(
    'in',
    text,
    `${escapeHtml(from)} · ${provider}${count} · ${time(receivedMs(line.message))}`,
  );
}

function article(direction: 'in' | 'out', text: string, foot: string): string {
  return `<article class="bubble ${direction}"><p dir="auto">${linkify(text)}</p><footer>${foot}</footer></article>`;
}

function time(atMs: number): string {
  const at = new Date(atMs).toISOString();
  return `<time datetime="${at}" title="${at}">${at.slice(5, 10)} ${at.slice(11, 19)}</time>`;
}

function receivedMs({ acceptedMs, receivedMs: atMs }: Message): number {
  return atMs ?? acceptedMs;
}

function countOf(lines: readonly Line[]): string {
  const received = lines.filter(({ direction }) => direction === 'in').length;
  return `${received} received`;
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
  const quick = quickTexts.map(
    (
      text,
    ) => `<form action="${action}" method="post" data-send><input type="hidden" name="text" value="${text}">
<input type="hidden" name="to" value="${receiver}"><button>${text}</button></form>`,
  );
  return `<div class="quick" role="group" aria-label="Quick messages">${quick.join('')}</div>
<form class="composer" action="${action}" method="post" data-send>
<div><label for="to">To</label><input id="to" name="to" maxlength="40" value="${receiver}" placeholder="anyone"></div>
<div class="grow"><label for="text">Message</label><input id="text" name="text" required maxlength="2000" autocomplete="off" placeholder="STOP"></div>
<button class="primary">Send</button>
</form>
<p class="problem send-problem" data-problem role="alert" hidden></p>`;
}
