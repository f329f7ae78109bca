import { Agent, request } from 'undici';
import type { Incoming, Receipt, SmsCentre } from '#simulators/sms-provider/centre';
import type { Contract, Post } from './contract.ts';

const callTimeoutMs = 10_000;
const connectionsMax = 128;

/** Carries the contracts' receipts and incoming messages to the platform. */
export class Posts {
  readonly #centre: SmsCentre;
  readonly #agent = new Agent({
    connections: connectionsMax,
    headersTimeout: callTimeoutMs,
    bodyTimeout: callTimeoutMs,
  });

  constructor(centre: SmsCentre) {
    this.#centre = centre;
  }

  /** Lets a contract's receipts and incoming messages go out over HTTP. */
  join(contract: Contract): void {
    const { provider, receipts } = contract;
    const { speakers } = this.#centre;
    this.#centre.receipts.tellWith(provider, {
      most: receipts.most,
      tell: (list) => this.#tell(contract, list),
    });
    if (contract.incomingPost) {
      speakers.speakWith(provider, (incoming) => this.#speak(contract, incoming));
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #tell(contract: Contract, list: readonly Receipt[]): Promise<boolean> {
    const settings = this.#centre.settingsOf(contract.provider);
    const groups = Map.groupBy(list, ({ message }) => message.callbackUrl ?? settings.callbackUrl);
    for (const [url, receipts] of groups) {
      // Nobody asked for them: nothing to repeat.
      if (url === '') continue;
      const { body, status } = await this.#send(contract.receipts.toPost(receipts, url, settings));
      const isTaken = contract.receipts.isTaken(status, body);
      this.#centre.count(contract.provider, isTaken ? 'receipt_taken' : 'receipt_not_taken');
      if (!isTaken) return false;
    }
    return true;
  }

  async #speak(contract: Contract, incoming: Incoming): Promise<boolean> {
    const settings = this.#centre.settingsOf(contract.provider);
    const post = contract.incomingPost?.(incoming, settings.moUrl, settings);
    if (!post || settings.moUrl === '') return true;
    const { status } = await this.#send(post);
    return status >= 200 && status < 300;
  }

  async #send({
    body,
    headers,
    url,
  }: Post): Promise<{ readonly status: number; readonly body: string }> {
    try {
      const answer = await request(url, { method: 'POST', body, headers, dispatcher: this.#agent });
      return { status: answer.statusCode, body: await answer.body.text() };
    } catch {
      return { status: 0, body: '' };
    }
  }
}
