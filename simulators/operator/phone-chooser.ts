import { escapeHtml, numberForm, phonePage, type Reply } from '#simulators/kit';
import { formatMoney } from './money.ts';
import type { Operator } from './operator.ts';
import { behaviours, scenarioOfNumber } from './scenarios.ts';
import { openingBalanceMinor } from './store.ts';

const demoNumber = '923009102250';
const demoPrefix = '9230091022';
const recentShown = 8;
const endings = ['50', '90', '91', '92', '93', '94', '95', '96', '97', '98', '99'] as const;

/** What a number with this ending does, in words. */
export function describeEnding(ending: string, currency: string): string {
  if (ending === '90') return 'No money until topped up';
  if (ending === '91') return 'Postpaid (11)';
  if (ending === '93') return 'Temporarily blocked (104)';
  const name = scenarioOfNumber(ending);
  if (name !== 'normal') return behaviours[name].meaning;
  return `Works, starts with ${formatMoney(openingBalanceMinor, currency)}`;
}

export function chooserPage(operator: Operator, wrong?: string): Reply {
  const isWrong = wrong !== undefined;
  return phonePage({
    status: isWrong ? 400 : 200,
    title: 'Choose a phone · mobilink simulator',
    main: `<main class="chooser">
<h1>Whose phone?</h1>
<p class="dim">The simulated operator “mobilink”: its customers, their SMS and its own book of debits.</p>
${numberForm('/sim', wrong ?? demoNumber, isWrong)}
${recentPhones(operator)}
<h2>The last two digits decide</h2>
<ul class="numbers">${endings.map((ending) => endingItem(operator, ending)).join('')}</ul>
</main>`,
  });
}

function endingItem({ settings }: Operator, ending: string): string {
  const range = ending === '50' ? '00–89' : ending;
  return `<li><a href="/sim/${demoPrefix}${ending}">…${range}</a> <span>${escapeHtml(
    describeEnding(ending, settings.currency),
  )}</span></li>`;
}

function recentPhones({ store }: Operator): string {
  const numbers: string[] = [];
  // From the end: the last few of what may be millions.
  for (let index = store.messages.length - 1; index >= 0 && numbers.length < recentShown; index--) {
    const message = store.messages[index];
    const number = message?.direction === 'mt' ? message.to : message?.from;
    if (number !== undefined && !numbers.includes(number)) numbers.push(number);
    if (store.messages.length - index > 1_000) break;
  }
  if (numbers.length === 0) return '';
  const items = numbers.map((number) => `<li><a href="/sim/${number}">+${number}</a></li>`);
  return `<h2>Lately in touch</h2><ul class="recent">${items.join('')}</ul>`;
}
