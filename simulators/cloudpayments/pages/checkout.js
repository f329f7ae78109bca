/* Makes a cryptogram on the merchant's own page, so that the number of the card never reaches the merchant's server. */
(() => {
  class Checkout {
    constructor(options) {
      this.options = options ?? {};
    }

    /** Rejects with what is wrong, by name of the field. Of a form, each `input[data-cp]` is a field. */
    async createPaymentCryptogram(fields) {
      const card = fields ?? readContainer(this.options.container);
      const number = String(card.cardNumber ?? '').replace(/\D/g, '');
      const month = String(card.expDateMonth ?? '').padStart(2, '0');
      const year = String(card.expDateYear ?? '').slice(-2);
      const [joinedMonth = month, joinedYear = year] = card.expDateMonthYear?.match(/\d\d/g) ?? [];
      const problems = findProblems({ number, month: joinedMonth, year: joinedYear, ...card });
      if (Object.keys(problems).length > 0) throw problems;
      return hide({
        ...{ number, expires: joinedMonth + joinedYear },
        ...{ cvv: String(card.cvv ?? ''), name: card.name ?? '' },
      });
    }
  }

  function readContainer(container) {
    const inputs = [...(container?.querySelectorAll('[data-cp]') ?? [])];
    return Object.fromEntries(inputs.map((input) => [input.dataset.cp, input.value]));
  }

  function findProblems({ cvv, month, number, year }) {
    return {
      ...(number === '' && { cardNumber: 'CardNumber_Empty' }),
      ...(number !== '' && !/^\d{13,19}$/.test(number) && { cardNumber: 'CardNumber_Invalid' }),
      ...(!/^(0[1-9]|1[0-2])$/.test(month) && { expDateMonth: 'ExpDateMonth_Invalid' }),
      ...(!/^\d\d$/.test(year) && { expDateYear: 'ExpDateYear_Invalid' }),
      ...(cvv && !/^\d{3,4}$/.test(cvv) && { cvv: 'Cvv_Invalid' }),
    };
  }

  /** The real one encrypts here. */
  function hide(card) {
    const { expires, number } = card;
    const bytes = new TextEncoder().encode(JSON.stringify(card));
    const hidden = btoa(String.fromCharCode(...bytes));
    const date = expires.slice(2) + expires.slice(0, 2);
    return `01${number.slice(0, 6)}${number.slice(-4)}${date}02${hidden}`;
  }

  window.cp = { ...window.cp, Checkout };
})();
