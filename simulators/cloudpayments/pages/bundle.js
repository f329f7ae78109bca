/* The payment widget of the simulated gateway: what a merchant's page loads, and calls as `new cp.CloudPayments()`. */
(() => {
  const origin = new URL(document.currentScript.src).origin;

  class CloudPayments {
    constructor(settings) {
      this.settings = settings ?? {};
      this.oncomplete = undefined;
    }

    /** The older call: `charge` takes the money at once, `auth` reserves it. */
    pay(scheme, options, callbacks = {}) {
      const settled = openFrame({ scheme, options, settings: this.settings }, (result) =>
        callbacks.onComplete?.(
          { success: result.outcome === 'paid', message: result.reason, code: result.code },
          options,
        ),
      );
      return settled.then((result) => {
        if (result?.outcome === 'paid') callbacks.onSuccess?.(options);
        else callbacks.onFail?.(result?.reason ?? 'User has cancelled', options);
        return result;
      });
    }

    charge(options, onSuccess, onFail) {
      return this.pay('charge', options, { onSuccess, onFail });
    }

    auth(options, onSuccess, onFail) {
      return this.pay('auth', options, { onSuccess, onFail });
    }

    /** The current call: resolves when the widget is closed. */
    async start(parameters) {
      const result = toStarted(await openFrame({ parameters, settings: this.settings }));
      this.oncomplete?.(result);
      const url =
        result.status === 'success'
          ? parameters.successRedirectUrl
          : result.type === 'payment' && parameters.failRedirectUrl;
      if (url) location.assign(url);
      return result;
    }
  }

  function toStarted(result) {
    if (result === undefined) return { type: 'cancel', status: 'cancel' };
    const data = { transactionId: result.transactionId, reasonCode: result.code };
    return result.outcome === 'paid'
      ? { type: 'payment', status: 'success', data }
      : { type: 'payment', status: 'fail', data, message: result.reason };
  }

  /** Resolves with the last result when the frame is closed; with undefined when nothing was tried. */
  function openFrame(wish, onResult) {
    const frame = document.createElement('iframe');
    const hash = encodeURIComponent(JSON.stringify(wish));
    frame.src = `${origin}/widget#${hash}`;
    frame.title = 'Payment';
    frame.allow = 'payment';
    frame.style.cssText =
      'position:fixed;inset:0;width:100%;height:100%;border:0;z-index:2147483647;' +
      'background:rgb(12 16 22 / 55%);color-scheme:normal';
    const scroll = document.documentElement.style.overflow;
    document.documentElement.style.overflow = 'hidden';
    document.body.append(frame);
    return new Promise((resolve) => {
      let last;
      addEventListener('message', function listen({ data, origin: from, source }) {
        if (source !== frame.contentWindow || from !== origin) return;
        if (data?.cloudPayments === 'result') {
          last = data.result;
          onResult?.(last);
        }
        if (data?.cloudPayments !== 'close') return;
        removeEventListener('message', listen);
        frame.remove();
        document.documentElement.style.overflow = scroll;
        resolve(last);
      });
    });
  }

  window.cp = { ...window.cp, CloudPayments };
})();
