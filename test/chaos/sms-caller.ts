/** A system that sends: it repeats itself under the same reference until it has been answered. */
export interface SmsCaller {
  /** One try; throws where nobody answers. */
  post(message: SmsWish): Promise<SmsReply>;
  /** Until it is answered with yes; whatever dies meanwhile. Answers the message's id and state. */
  insist(message: SmsWish): Promise<TakenSms>;
  cancel(sms: string): Promise<number>;
}

/** A request of `POST /v1/sms`. */
export interface SmsWish {
  readonly recipient: string;
  readonly text: string;
  readonly reference?: string;
  /** Sent as the header Idempotency-Key. */
  readonly key?: string;
  readonly class?: string;
  readonly [field: string]: unknown;
}

export interface SmsReply {
  readonly status: number;
  readonly messages: readonly TakenSms[];
  readonly text: string;
}

export interface TakenSms {
  readonly sms: string;
  readonly state: string;
  readonly reason?: string;
}

const ENTITY = 'alfa';
const PATIENCE_MS = 120_000;
const AGAIN_MS = 60;
const ANSWER_MS = 20_000;

export function openSmsCaller(url: string, apiKey: string): SmsCaller {
  async function call(path: string, body: object, key?: string): Promise<Response> {
    const headers = {
      ...{ authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const signal = AbortSignal.timeout(ANSWER_MS);
    return fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body), signal });
  }
  async function post({ key, ...wish }: SmsWish): Promise<SmsReply> {
    const answer = await call('/v1/sms', { entity: ENTITY, class: 'transaction', ...wish }, key);
    const text = await answer.text();
    const messages = answer.ok ? (JSON.parse(text) as { messages: TakenSms[] }).messages : [];
    return { status: answer.status, messages, text };
  }
  return {
    post,
    async insist(wish) {
      const endMs = performance.now() + PATIENCE_MS;
      for (;;) {
        const reply = await post(wish).catch(() => undefined);
        const [taken] = reply?.messages ?? [];
        if (taken) return taken;
        if (reply && reply.status < 500 && reply.status !== 409)
          throw new Error(`refused with ${reply.status}: ${reply.text}`);
        if (performance.now() > endMs) throw new Error(`nobody answers: ${reply?.text}`);
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    },
    cancel: async (sms) => (await call(`/v1/sms/${sms}/cancel`, {}, `cancel ${sms}`)).status,
  };
}
