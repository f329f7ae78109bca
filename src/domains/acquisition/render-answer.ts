import type { Page } from '#http';
import { maskMsisdn } from '#phone';
import type { Answer } from './answer.ts';
import { exampleOf, renderLanding } from './landing-page.ts';
import { renderClosedPage, renderDonePage } from './notice-page.ts';
import { renderPinPage } from './pin-page.ts';
import type { Showing } from './showing.ts';

type OfPin = Extract<Answer, { readonly kind: `pin_${string}` }>;

/**
 * The page of each answer, in the language of its visit. `here`: where a page can be opened again, in other languages too; what a form leads
 * to can't, since its visit would begin anew.
 */
export function renderAnswer(answer: Answer, here: string): Page {
  switch (answer.kind) {
    case 'landing':
      return renderFresh(answer, here);
    case 'number_refused': {
      const { showing, token, typed, why } = answer;
      return renderLanding(showing, { token, fault: { typed, message: sayRefused(showing, why) } });
    }
    case 'offer_changed': {
      const { showing } = answer;
      const number = answer.msisdn && { number: maskMsisdn(answer.msisdn) };
      const notice = showing.speech.say('landing.offer_changed');
      return renderLanding(showing, { token: answer.token, notice, ...number });
    }
    case 'closed':
      return renderClosedPage({ speech: answer.speech, here });
    case 'done':
      return renderDonePage(answer.showing, answer.msisdn);
    default:
      return renderPinPage(answer.showing, { ...answer, ...sayPin(answer) });
  }
}

function renderFresh(
  { msisdn, showing, token }: Extract<Answer, { readonly kind: 'landing' }>,
  here: string,
): Page {
  const { templates } = showing;
  return msisdn === undefined
    ? templates.unknownNumber({ token, here })
    : templates.knownNumber({ token, here, number: maskMsisdn(msisdn) });
}

function sayRefused({ operator, speech }: Showing, why: 'invalid' | 'foreign'): string {
  return why === 'foreign'
    ? speech.say('landing.number_foreign', { operator: operator.title })
    : speech.say('landing.number_invalid', { example: exampleOf(operator.plan) });
}

/** What is to be known before a PIN is typed, or was wrong with the one that was. */
function sayPin(answer: OfPin): { readonly notice?: string; readonly fault?: string } {
  const { say } = answer.showing.speech;
  switch (answer.kind) {
    case 'pin_sent':
      return {};
    case 'pin_cooling':
      return { notice: say('landing.pin_cooling', { seconds: answer.seconds }) };
    case 'pin_too_many':
      return { notice: say('landing.pin_too_many') };
    case 'pin_wrong':
      return { fault: say('landing.pin_wrong', { count: answer.triesLeft }) };
    case 'pin_locked':
    case 'pin_expired':
    case 'pin_none':
      return { fault: say(`landing.${answer.kind}`) };
  }
}
