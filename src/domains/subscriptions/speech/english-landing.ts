/** What landing pages and the page of a stop link say, apart from a campaign's own texts. */
export const englishLanding = {
  'landing.renews_daily': 'Charged to your phone balance, renewed every day until you stop.',
  'landing.renews_weekly': 'Charged to your phone balance, renewed every week until you stop.',
  'landing.how_to_stop':
    'To STOP at any time: send STOP to {code}, free of charge, or open the stop link in our SMS.',
  'landing.number': 'Your mobile number',
  'landing.number_hint': {
    one: 'We send a PIN of {count} digit to this number, free of charge. Nothing is charged before you confirm it.',
    other:
      'We send a PIN of {count} digits to this number, free of charge. Nothing is charged before you confirm it.',
  },
  'landing.number_invalid': 'This number can’t be used. Type it like this: {example}.',
  'landing.number_foreign': 'This offer is for numbers of {operator} only.',
  'landing.your_number': 'Your number',
  'landing.offer_changed':
    'This offer has changed since you opened the page. Please look at it again: nothing has been ordered.',
  'landing.pin_title': 'Enter your PIN',
  'landing.pin_sent': 'We sent it by SMS to {number}. It is valid for 10 minutes.',
  'landing.pin_confirm': 'Confirm and subscribe',
  'landing.pin_again_title': 'No SMS, or a wrong number?',
  'landing.pin_again': 'Send a new PIN',
  'landing.pin_wrong': {
    one: 'This is not the PIN we sent. {count} try is left.',
    other: 'This is not the PIN we sent. {count} tries are left.',
  },
  'landing.pin_locked': 'There were too many wrong tries. Ask for a new PIN below.',
  'landing.pin_expired': 'This PIN is too old. Ask for a new one below.',
  'landing.pin_none': 'This PIN has been used or replaced. Ask for a new one below.',
  'landing.pin_cooling':
    'We sent you a PIN a moment ago: enter it here. You can ask for another in {seconds} s.',
  'landing.pin_too_many':
    'Too many PINs were sent to this number today. Enter the last one, or try again tomorrow.',
  'landing.pin_sms':
    '{pin} is your PIN for {title}, {price}. Enter it only if you want to subscribe.',
  'landing.done_title': 'Thank you, you are subscribed',
  'landing.done': '{title} for {number}: {price}.',
  'landing.done_next':
    'Your link comes by SMS as soon as the first payment has gone through. You can close this page.',
  'landing.closed_title': 'This offer is over',
  'landing.closed': 'It takes no new orders, and nothing was ordered now.',
  'landing.unknown_text': 'There is no offer at this address. Nothing was ordered.',
  'landing.old_form':
    'This form is too old, or it was changed on its way. Nothing has been ordered. Open the page again to go on.',
  'landing.open_again': 'Open the page again',

  'stop_link.title': 'Stop {title}?',
  'stop_link.what':
    'Your subscription to {title} ({price}) ends at once, and nothing more is charged for it.',
  'stop_link.ended':
    'This subscription has already ended. If you are still charged for it, press the button.',
  'stop_link.button': 'Stop the subscription',
  'stop_link.stopped_title': 'Stopped',
  'stop_link.stopped': 'Your subscription to {title} has ended. Nothing more is charged for it.',
  'stop_link.already_title': 'Already ended',
  'stop_link.already': 'You have no subscription to {title}. Nothing is charged for it.',
  'stop_link.bad_text':
    'This link can’t be read, and nothing was stopped. Open it again from the SMS, or answer the SMS with STOP.',
} as const;
