/** What the pages of an order and of a payment say. The terms that somebody agrees to are kept word by word with his consent. */
export const englishPay = {
  'pay.order_title': 'Subscribe to {title}',
  'pay.now': 'To pay now',
  'pay.given_back': 'given back at once',
  'pay.next_charge': 'Next charge',
  'pay.trial': 'Free trial',
  'pay.trial_until': 'until {day}',
  'pay.price': '{amount} {interval}',
  'pay.price_now': '{amount} now; {price}',
  'pay.saved': 'Your card is saved for renewals. We charge it by ourselves until you cancel.',
  'pay.saved_next':
    'Your card is saved for renewals. The next charge is {next} on {day}; after it, {price}. We charge it by ourselves until you cancel.',
  'pay.consent': 'I agree that {amount} is taken from my card now.',
  'pay.consent_next':
    'I agree that {amount} is taken from my card now, that my card is saved, and that {next} is taken from it on {day} and then {price} until I cancel.',
  'pay.consent_trial':
    'I agree that {amount} is taken from my card now to check it and given back at once.',
  'pay.consent_trial_next':
    'I agree that {amount} is taken from my card now to check it and given back at once, that my card is saved, and that {next} is taken from it on {day} and then {price} until I cancel.',
  'pay.consent_missing': 'Tick the box if you agree: without it nothing is ordered.',
  'pay.changed':
    'This offer has changed since you opened the page. Please look at it again: nothing has been ordered.',
  'pay.terms': 'Terms',
  'pay.how_to_cancel': 'You can cancel at any time, without giving a reason:',
  'pay.cancel_link': 'your subscriptions',
  'pay.agree': 'Agree and pay {amount}',
  'pay.agree_card': 'Agree and enter a card',
  'pay.title': 'Pay for {title}',
  'pay.card_title': 'Your card for {title}',
  'pay.button': 'Pay {amount}',
  'pay.card_button': 'Enter a card',
  'pay.go': 'Go on to the payment page',
  'pay.closed': 'The payment form was closed. Nothing has been taken.',
  'pay.declined':
    'The bank has declined this card. Nothing has been taken. You can try another card.',
  'pay.form_missing':
    'The payment form can’t be reached now. Nothing has been taken. Try again in a minute.',
  'pay.needs_script':
    'The payment form needs JavaScript. Switch it on for this page, or open it in another browser.',
  'pay.check_again': 'I have paid already',

  'result.open.title': 'We have not heard of your payment yet',
  'result.open.text':
    'If you have just paid, it takes a moment. If the form was closed or your card was declined, nothing has been taken.',
  'result.working.title': 'Paid. One moment more',
  'result.working.text': 'The bank has said yes, and your subscription is being opened.',
  'result.paid.title': 'Thank you, you are subscribed',
  'result.paid.text': 'A message with the details is on its way to your phone.',
  'result.late.title': 'This came too late',
  'result.late.text':
    'The subscription had ended before your payment arrived. The money goes back to your card by itself, in full.',
  'result.differs.title': 'We are looking at your payment',
  'result.differs.text':
    'What arrived is not what was asked for. Nothing more is charged; a person looks at it, and your money is not lost.',
  'result.closed.title': 'This page is closed',
  'result.closed.text':
    'Its time is over, or it was replaced by a newer one. Nothing can be paid here, and nothing was taken by it.',
  'result.card_saved': 'Your card is saved',
  'result.card_saved_text': 'It is charged from the next time on.',
  'result.pay_or_again': 'Pay, or try another card',
  'result.looks_again': 'This page looks again by itself.',
  'result.back': 'Back',
  'result.subscription': 'Subscription',
  'result.paid': 'Paid',
  'result.checked': 'Card checked',
  'result.goes_back': 'on its way back',
  'result.free_until': 'Free until',
  'result.away': 'The payment page can’t be reached now',
  'result.away_text':
    'Nothing has been taken. Please try again in a minute: this page stays yours.',
  'result.again': 'Try again',
  'result.unknown': 'There is no such payment',
  'result.unknown_text':
    'Nothing can be paid here: the payment is not there any more, or its address says something else of it than is true.',

  'order.refused': 'This can’t be ordered now',
  'order.nothing': 'Nothing has been ordered, and nothing was taken.',
  'refused.coupon_refused': 'The coupon {coupon} can’t be used for this order.',
  'refused.service_closed': 'This plan is not sold any more.',
  'refused.plan_unknown': 'There is no such plan.',
  'refused.order_closed': 'This order can’t be made any more.',
  'refused.quantity_invalid': 'This plan can’t be ordered in this number.',
  'refused.no_gateway': 'No payment can be taken for this order now. Try again later.',
  'refused.not_for_this_number':
    'This number can’t order this plan now. If it is yours, look at your subscriptions: you may have it already.',
  'refused.subscription_ended': 'This subscription has ended: it needs no card.',
  'refused.card_page_refused':
    'A payment is under way, or this subscription needs no card now. Try again in a few minutes.',
  'refused.not_by_card': 'This subscription is not paid by card.',
  'refused.else': 'This is not possible now.',

  'card_link.refused': 'No card can be entered now',
  'card_link.ended': '{title} has ended',
  'card_link.ended_text': 'Nothing is to be paid, and no card is needed.',
  'card_link.title': 'Your card for {title}',
  'card_link.owed': '{amount} could not be charged. Enter a card, and it is paid at once.',
  'card_link.other': 'Enter another card: it is charged from the next time on.',
  'card_link.enter': 'Enter a card',
  'card_link.or_see': 'Or see {link}.',
} as const;
