import type { ServerResponse } from 'node:http';
import type { Problem } from './fields.ts';

/** What a simulator answers, before it is written. */
export interface Reply {
  readonly status: number;
  /** The content type. */
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, value: unknown, headers?: Reply['headers']): Reply {
  const reply = { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
  return headers === undefined ? reply : { ...reply, headers };
}

/** Leads a browser that sent a form back to a page. */
export function seeOther(location: string): Reply {
  return { status: 303, type: 'text/plain', body: '', headers: { location } };
}

export function problemReply({ field, message, status }: Problem): Reply {
  return json(status, field === undefined ? { error: message } : { error: message, field });
}

/** Writes nothing when the caller has gone, or has been answered. */
export function writeReply(response: ServerResponse, { body, headers, status, type }: Reply): void {
  if (response.destroyed || response.writableEnded) return;
  const standard = { 'content-type': type, 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, headers === undefined ? standard : { ...standard, ...headers });
  response.end(body);
}
