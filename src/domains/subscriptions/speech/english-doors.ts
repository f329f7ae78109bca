/** Signing in, the shop, what stands on every page, errors and messages. */
export const englishDoors = {
  'nav.account': 'Your account',
  'nav.subscriptions': 'Subscriptions',
  'nav.payments': 'Payments',
  'nav.cards': 'Cards',
  'nav.sign_out': 'Sign out',
  'nav.yours': 'Your subscriptions',
  'nav.language': 'Language',
  'amount.on': 'on {day}',

  'interval.each_day': 'a day',
  'interval.each_week': 'a week',
  'interval.each_month': 'a month',
  'interval.each_year': 'a year',
  'interval.days': { one: 'every {count} day', other: 'every {count} days' },
  'interval.months': { one: 'every {count} month', other: 'every {count} months' },

  'sign_in.lead': 'See what you have, what it costs and when it is charged; change it, or end it.',
  'sign_in.number': 'Your mobile number',
  'sign_in.hint': {
    one: 'We send you a PIN of {count} digit, free of charge.',
    other: 'We send you a PIN of {count} digits, free of charge.',
  },
  'sign_in.send': 'Send me a PIN',
  'sign_in.number_refused':
    'This phone number can’t be used. Write it with the code of its country, such as {example}.',
  'sign_in.form_old': 'This form was too old. Enter your number again.',
  'pin.title': 'Enter your PIN',
  'pin.sent':
    'If {number} has subscriptions here, a PIN is on its way to it. It is good for ten minutes.',
  'pin.label': 'PIN from the SMS',
  'pin.enter': 'Sign in',
  'pin.none_came': 'No SMS? Wait a minute, then {link}.',
  'pin.ask_again': 'ask for another PIN',
  'pin.wrong': 'This is not the PIN we sent. Look at the SMS again.',
  'pin.locked': 'There were too many wrong tries. Ask for another PIN.',
  'pin.expired': 'This PIN is too old. Ask for another one.',
  'link.title': 'See your subscriptions',
  'link.who': 'You go on as {number}. This link works once.',
  'link.go_on': 'Go on',

  'sms.pin': '{pin} is your PIN to see your subscriptions. Tell it to nobody.',
  'sms.link': 'Your subscriptions: {url}',

  'shop.nav': 'Shop',
  'shop.plans': 'Plans',
  'shop.title': 'Choose your plan',
  'shop.lead': 'Pay by card. Cancel at any time, without giving a reason.',
  'shop.none': 'Nothing is on sale here yet.',
  'shop.trial': { one: '{count} day free', other: '{count} days free' },
  'shop.renews': 'Renews by itself until you cancel',
  'shop.pause': {
    one: 'Can be paused for {count} day',
    other: 'Can be paused for up to {count} days',
  },
  'shop.try': 'Try it for free',
  'shop.choose': 'Choose',
  'shop.before': 'You see everything that you agree to before you pay.',
  'shop.number': 'Your mobile number',
  'shop.number_hint': 'To manage or end your subscription, and for messages about charges.',
  'shop.email': 'E-mail for receipts, if you like',
  'shop.email_refused': 'This is not an e-mail address.',
  'shop.go_on': 'Go on',

  'error.not_found': 'There is nothing here',
  'error.not_found_text':
    'What you look for is not here, or not any more. It may be under another phone number of yours.',
  'error.too_fast': 'Please wait a moment',
  'error.too_fast_text': 'That was asked for too often. Wait a minute, and try again.',
  'error.form': 'This did not work',
  'error.form_text': 'Nothing was changed. Open the page again and try once more.',
  'error.form_old': 'This page is too old',
  'error.form_old_text':
    'It was left open for too long, or it belongs to somebody else. Nothing was changed: open the page again.',
  'error.link_used': 'This link can’t be used',
  'error.link_used_text':
    'This link was used or is too old. Sign in with your phone number instead.',
  'error.link_bad': 'This link can’t be read',
  'error.link_bad_text':
    'It is not whole, or its time is over. Nothing was changed: open it again from where you have it.',
  'error.away': 'Please try again in a moment',
  'error.away_text': 'The service can’t answer at the moment. Try again in a minute.',
  'error.broken': 'Something went wrong',
  'error.broken_text':
    'It was our mistake, and it has been written down. Nothing more happens by itself: look whether what you wanted is there.',
  'error.home': 'Your subscriptions',
  'error.number': 'Number for questions: {number}',
} as const;
