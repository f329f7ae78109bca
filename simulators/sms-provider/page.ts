import { escapeHtml, numberForm, phonePage, type Reply, seeOther } from '#simulators/kit';
import { behaviours, type Line, type SmsCentre } from '#simulators/sms-provider/centre';

const phonesShown = 24;
const exampleNumber = '79161234567';

/** `/`: whose phone is it? A number, however people type it, leads to its phone. */
export function chooserPage(centre: SmsCentre, wanted: string | null): Reply {
  const number = wanted?.replaceAll(/[\s()+-]/g, '') ?? '';
  if (/^\d{5,15}$/.test(number)) {
    return seeOther(`/phones/${number}`);
  }
  const isWrong = wanted !== null;
  const { ledger } = centre;
  const phones = ledger.handsets
    .slice(-phonesShown)
    .reverse()
    .map((phone) => phoneItem(phone, ledger.linesOf(phone)));
  return phonePage({
    status: isWrong ? 400 : 200,
    title: 'Choose a phone · SMS providers',
    main: `<main class="chooser">
<h1>Whose phone?</h1>
<p class="dim">The simulated SMS providers. A phone shows what really reached it, and through whom.</p>
${numberForm('/', wanted ?? exampleNumber, isWrong)}
<h2>Lately in touch</h2>
${phones.length === 0 ? '<p class="empty">No handset has received anything yet.</p>' : `<ul class="phones">${phones.join('')}</ul>`}
${scenarioList(centre)}
<p class="dim links"><a href="/ledger">Ledger</a> <a href="/messages">Messages</a> <a href="/control/settings">Settings</a> <a href="/stats">Counts</a></p>
</main>`,
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
