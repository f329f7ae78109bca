import type { Page } from '#http';
import { maskMsisdn } from '#phone';
import type { Answer } from './answer.ts';
import { renderLanding } from './landing-page.ts';
import { renderClosedPage, renderDonePage } from './notice-page.ts';
import { renderPinPage } from './pin-page.ts';

/** The page of each answer, in the words of its campaign. */
export function renderAnswer(answer: Answer): Page {
  if (answer.kind === 'closed') return renderClosedPage(answer.campaign);
  const { showing } = answer;
  const { words } = showing;
  switch (answer.kind) {
    case 'landing':
      return answer.msisdn === undefined
        ? showing.templates.unknownNumber(answer.token)
        : showing.templates.knownNumber(answer.token, maskMsisdn(answer.msisdn));
    case 'number_refused': {
      const { token, typed, message } = answer;
      return renderLanding(showing, { token, fault: { typed, message } });
    }
    case 'offer_changed': {
      const number = answer.msisdn && { number: maskMsisdn(answer.msisdn) };
      return renderLanding(showing, { token: answer.token, notice: words.offerChanged, ...number });
    }
    case 'pin_sent':
      return renderPinPage(showing, answer);
    case 'pin_cooling':
      return renderPinPage(showing, { ...answer, notice: words.pinCooling(answer.seconds) });
    case 'pin_too_many':
      return renderPinPage(showing, { ...answer, notice: words.pinTooMany });
    case 'pin_wrong':
      return renderPinPage(showing, { ...answer, fault: words.pinWrong(answer.triesLeft) });
    case 'pin_locked':
      return renderPinPage(showing, { ...answer, fault: words.pinLocked });
    case 'pin_expired':
      return renderPinPage(showing, { ...answer, fault: words.pinExpired });
    case 'pin_none':
      return renderPinPage(showing, { ...answer, fault: words.pinNone });
    case 'done':
      return renderDonePage(showing, answer.msisdn);
  }
}
