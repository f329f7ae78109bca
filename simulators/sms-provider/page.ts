import { readFileSync } from 'node:fs';
import { Problem } from '#simulators/kit';
import { behaviours, type Line, type SmsCentre } from '#simulators/sms-provider/centre';
import type { Reply } from '#simulators/sms-provider/contracts';
import { escapeHtml, page } from './html.ts';

const phonesShown = 24;
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
  return `<h2>What will happen</h2><ul class="phones wrap">${items.join('')}</ul>`;
}
