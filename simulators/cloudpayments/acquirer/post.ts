import { Agent, request } from 'undici';
import { toFormBody, toJsonBody } from './notification-body.ts';
import type { Address, NotificationFields } from './records.ts';
import { signatureHeaders } from './signature.ts';

const connectionsMax = 128;
/** An answer is a few bytes of JSON; a page of errors is not read to its end. */
const answerLimitBytes = 64 * 1024;

export interface Post {
  readonly address: Address;
  readonly fields: NotificationFields;
  readonly secret: string;
  readonly body: 'form' | 'json';
  readonly timeoutMs: number;
}

/** `said`: the answer was JSON with this code. */
export type PostAnswer =
  | { readonly outcome: 'said'; readonly code: number }
  | { readonly outcome: 'no-connection' | 'no-answer' | 'unreadable'; readonly detail: string };

/** Brings notifications to merchants, and counts how many were under way at once. */
export class Postman {
  readonly #agent = new Agent({ connections: connectionsMax });
  underWay = 0;
  mostUnderWay = 0;

  async post(post: Post): Promise<PostAnswer> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      return await this.#call(post);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const outcome = isConnectionRefused(error) ? 'no-connection' : 'no-answer';
      return { outcome, detail };
    } finally {
      this.underWay -= 1;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call({ address, body, fields, secret, timeoutMs }: Post): Promise<PostAnswer> {
    const isGet = address.HttpMethod === 'GET';
    const isForm = isGet || body === 'form';
    const text = isForm ? toFormBody(fields, address.Encoding) : toJsonBody(fields);
    const signature = signatureHeaders(secret, text, isForm);
    const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    const charset = isForm && address.Encoding === 'Windows1251' ? 'windows-1251' : 'utf-8';
    const question = address.Address.includes('?') ? '&' : '?';
    const response = await request(isGet ? address.Address + question + text : address.Address, {
      method: address.HttpMethod,
      headers: isGet ? signature : { ...signature, 'content-type': `${type}; charset=${charset}` },
      ...(isGet ? {} : { body: text }),
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = (await response.body.text()).slice(0, answerLimitBytes);
    if (response.statusCode < 200 || response.statusCode > 299) {
      return { outcome: 'no-answer', detail: `HTTP ${response.statusCode}` };
    }
    return readAnswer(answer);
  }
}

function readAnswer(text: string): PostAnswer {
  try {
    const { code } = JSON.parse(text) as { readonly code?: unknown };
    if (typeof code === 'number') return { outcome: 'said', code };
  } catch {
    // Said below: whatever it is, it is not what a merchant must answer.
  }
  return { outcome: 'unreadable', detail: text.slice(0, 200) };
}

function isConnectionRefused(error: unknown): boolean {
  const code = (error as { readonly code?: string } | null)?.code ?? '';
  return /^(?:ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|EAI_AGAIN)$/.test(code);
}
