/* Within the frame: the card form, the bank's page, and what came of it. */
const words = {
  ru: {
    ...{ number: 'Номер карты', expires: 'Срок', cvv: 'Код', email: 'Почта для чека' },
    ...{ pay: 'Оплатить', again: 'Попробовать ещё раз', close: 'Закрыть' },
    ...{ tests: 'Тестовые карты', paid: 'Оплачено', declined: 'Не получилось' },
    ...{ badNumber: 'Проверьте номер карты', badExpires: 'Проверьте срок карты' },
    ...{ badCvv: 'Проверьте код: три цифры на обороте', badEmail: 'Укажите почту для чека' },
    noConnection: 'Нет связи. Попробуйте ещё раз: дважды деньги не спишут',
    InsufficientFunds: 'На карте не хватает денег',
    ExpiredCard: 'Срок карты истёк',
    AuthenticationFailed: 'Банк не подтвердил, что это вы',
    ...{ plain: 'Пройдёт, продления тоже', 'three-d-secure': '3-D Secure' },
    ...{ 'renewals-fail': 'Пройдёт, продления нет', 'no-money': 'Не хватит денег' },
  },
  en: {
    ...{ number: 'Card number', expires: 'Expires', cvv: 'CVV', email: 'E-mail for the receipt' },
    ...{ pay: 'Pay', again: 'Try again', close: 'Close' },
    ...{ tests: 'Test cards', paid: 'Paid', declined: 'It did not work' },
    ...{ badNumber: 'Check the card number', badExpires: 'Check when the card expires' },
    ...{ badCvv: 'Check the code: three digits on the back', badEmail: 'An e-mail is needed' },
    noConnection: 'No connection. Try again: you will not be charged twice',
    InsufficientFunds: 'Not enough money on the card',
    ExpiredCard: 'The card has expired',
    AuthenticationFailed: 'The bank could not confirm that it is you',
    ...{ plain: 'Approved, renewals too', 'three-d-secure': '3-D Secure' },
    ...{ 'renewals-fail': 'Approved, renewals fail', 'no-money': 'Not enough money' },
  },
};

const find = (selector) => document.querySelector(selector);
const toMerchant = (message) => parent !== window && parent.postMessage(message, '*');
const { dataset } = document.body;

if ('result' in dataset) {
  // Back from the bank: this page stands within the frame of the form.
  parent.postMessage({ fromBank: JSON.parse(dataset.result) }, location.origin);
} else if ('widget' in dataset) {
  showForm(readParameters());
}

/** What the merchant's page wished for by either call, in one shape. */
function readParameters() {
  if (dataset.parameters) return JSON.parse(dataset.parameters);
  const wish = JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{"options":{}}');
  const settings = wish.settings ?? {};
  return wish.parameters
    ? fromStart(wish.parameters, settings)
    : fromPay(wish.scheme, wish.options, settings);
}

function fromPay(scheme, options, settings) {
  const data = typeof options.data === 'string' ? JSON.parse(options.data) : options.data;
  return {
    ...{ scheme, publicId: options.publicId, amount: options.amount },
    ...{ currency: options.currency ?? 'RUB', description: options.description },
    ...{ invoiceId: options.invoiceId, accountId: options.accountId, email: options.email },
    ...{ needsEmail: options.requireEmail === true, data, tokenize: options.tokenize !== false },
    ...{ language: settings.language ?? 'ru-RU', autoClose: options.autoClose },
    retry: options.retryPayment !== false,
  };
}

function fromStart(parameters, settings) {
  const payer = parameters.userInfo ?? {};
  const { receipt, recurrent } = parameters;
  const own = {
    ...(recurrent && { recurrent }),
    ...(receipt && { customerReceipt: receipt }),
  };
  const hasOwn = Object.keys(own).length > 0;
  return {
    scheme: parameters.paymentSchema === 'Dual' ? 'auth' : 'charge',
    ...{ publicId: parameters.publicTerminalId, amount: parameters.amount },
    ...{ currency: parameters.currency ?? 'RUB', description: parameters.description },
    ...{ invoiceId: parameters.externalId, accountId: payer.accountId },
    email: parameters.receiptEmail ?? payer.email,
    needsEmail: parameters.emailBehavior === 'Required',
    data: hasOwn ? { ...parameters.metadata, cloudPayments: own } : parameters.metadata,
    tokenize: parameters.tokenize !== false,
    language: parameters.culture ?? parameters.cultureName ?? settings.language ?? 'ru-RU',
    ...{ autoClose: parameters.autoClose, retry: parameters.retryPayment !== false },
  };
}

function showForm(parameters) {
  const language = /^en/i.test(parameters.language ?? '') ? 'en' : 'ru';
  const say = words[language];
  const sheet = find('.sheet');
  const form = find('[data-form]');
  const money = new Intl.NumberFormat(language, {
    ...{ style: 'currency', currency: parameters.currency || 'RUB' },
    minimumFractionDigits: 2,
  }).format(parameters.amount);
  let isBusy = false;

  document.documentElement.lang = language;
  for (const each of document.querySelectorAll('[data-word]')) {
    each.textContent = say[each.dataset.word];
  }
  find('[data-text=amount]').textContent = money;
  find('[data-text=description]').textContent = parameters.description ?? '';
  find('[data-pay]').textContent = `${say.pay} ${money}`;
  find('[data-again]').textContent = say.again;
  find('[data-email]').hidden = !parameters.needsEmail;
  form.elements.email.value = parameters.email ?? '';

  form.addEventListener('input', ({ target }) => tidy(target));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    // What a browser filled in before this script listened is tidied too.
    for (const input of form.querySelectorAll('input')) tidy(input);
    const problem = findProblem(form.elements, parameters, say);
    showProblem(problem);
    if (problem || isBusy) return;
    isBusy = true;
    sheet.dataset.view = 'busy';
    const result = await sendPayment(form.elements, parameters).catch(() => undefined);
    isBusy = false;
    if (result === undefined) return fail(say.noConnection);
    if (result.error) return fail(result.error);
    if (result.outcome === 'bank') return askBank(result, parameters, sheet);
    finish(result);
  });
  document.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (button?.dataset.card) fillIn(form.elements, button.dataset.card);
    if (button && 'close' in button.dataset) close();
    if (button && 'again' in button.dataset) sheet.dataset.view = 'form';
  });
  document.addEventListener('keydown', ({ key }) => key === 'Escape' && close());
  addEventListener('message', ({ data, origin }) => {
    if (origin === location.origin && data?.fromBank) finish(data.fromBank);
  });
  form.elements.number.focus();

  function fail(problem) {
    sheet.dataset.view = 'form';
    showProblem(problem);
  }

  function finish(result) {
    const isPaid = result.outcome === 'paid';
    find('[data-bank]').removeAttribute('src');
    sheet.dataset.view = 'done';
    sheet.dataset.came = result.outcome;
    find('[data-sign]').textContent = isPaid ? '✓' : '!';
    find('[data-said]').textContent = isPaid ? say.paid : say.declined;
    find('[data-why]').textContent = isPaid ? money : (say[result.reason] ?? result.reason);
    find('[data-again]').hidden = isPaid || parameters.retry === false;
    toMerchant({ cloudPayments: 'result', result });
    sheet.result = result;
    if (isPaid) setTimeout(close, (parameters.autoClose ?? 3) * 1000);
  }

  function close() {
    if (isBusy) return;
    toMerchant({ cloudPayments: 'close' });
    if (parent !== window) return;
    const url = sheet.result?.outcome === 'paid' ? parameters.successUrl : parameters.failUrl;
    if (url) location.assign(url);
  }
}

function showProblem(problem) {
  const line = find('[data-problem]');
  line.hidden = !problem;
  line.textContent = problem ?? '';
}

/** Spaces and the stroke come by themselves. */
function tidy(input) {
  const digits = input.value.replace(/\D/g, '');
  if (input.name === 'number') input.value = digits.slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ');
  if (input.name === 'expires') {
    input.value = digits.length > 2 ? `${digits.slice(0, 2)}/${digits.slice(2, 4)}` : digits;
  }
  if (input.name === 'cvv') input.value = digits.slice(0, 4);
}

function findProblem({ cvv, email, expires, number }, { needsEmail }, say) {
  if (number.value.replace(/\D/g, '').length < 13) return say.badNumber;
  if (!/^(0[1-9]|1[0-2])\/\d\d$/.test(expires.value)) return say.badExpires;
  if (!/^\d{3,4}$/.test(cvv.value)) return say.badCvv;
  return needsEmail && !/.@./.test(email.value) ? say.badEmail : undefined;
}

function fillIn({ cvv, expires, number }, card) {
  number.value = card.replace(/(\d{4})(?=\d)/g, '$1 ');
  expires.value = '12/39';
  cvv.value = '123';
}

/** The same until its result is known: what is repeated after a lost answer is not paid again. */
let attemptId;

async function sendPayment({ cvv, email, expires, number }, parameters) {
  const digits = number.value.replace(/\D/g, '');
  const date = expires.value.replace(/\D/g, '');
  const hidden = btoa(JSON.stringify({ number: digits, expires: date, cvv: cvv.value, name: '' }));
  const head = `01${digits.slice(0, 6)}${digits.slice(-4)}${date.slice(2)}${date.slice(0, 2)}02`;
  const { data, language, ...order } = parameters;
  attemptId ??= crypto.getRandomValues(new Uint32Array(4)).join('-');
  const answer = await fetch('/widget/pay', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ ...order, email: email.value || undefined, jsonData: data, cultureName: language },
      ...{
        cardCryptogramPacket: head + hidden,
        requestId: attemptId,
      },
    }),
  });
  const result = await answer.json();
  attemptId = undefined;
  return result;
}

/** The bank's page comes into a frame within the frame; its answer comes back here. */
function askBank({ paReq, transactionId }, { link }, sheet) {
  const form = document.createElement('form');
  const back = new URL('/widget/three-d-secure', location.origin);
  if (link) back.searchParams.set('link', link);
  const fields = { MD: transactionId, PaReq: paReq, TermUrl: back.href };
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  }
  Object.assign(form, { action: '/acs', method: 'post', target: 'bank' });
  document.body.append(form);
  sheet.dataset.view = 'bank';
  form.submit();
  form.remove();
}
