import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MAX_AGE_MS } from './sessions.ts';
import type { Device } from './sign-in.ts';

const SESSION = 'kopek_me';
/** Of a browser that is not signed in: forms that sign in are for it alone. */
const VISIT = 'kopek_visit';
const VISIT_BYTES = 16;
const VISIT_SECONDS = 3600;
const USER_AGENT_MOST = 300;

export function sessionCookie(request: FastifyRequest): string | undefined {
  return cookieOf(request, SESSION);
}

export function keepSession(reply: FastifyReply, cookie: string, secure: boolean): void {
  setCookie(reply, { name: SESSION, value: cookie, seconds: SESSION_MAX_AGE_MS / 1000, secure });
}

export function dropSession(reply: FastifyReply, secure: boolean): void {
  setCookie(reply, { name: SESSION, value: '', seconds: 0, secure });
}

/** The browser's own secret, given to it where it has none yet. */
export function visitOf(request: FastifyRequest, reply: FastifyReply, secure: boolean): string {
  const known = cookieOf(request, VISIT);
  if (known !== undefined) return known;
  const value = randomBytes(VISIT_BYTES).toString('base64url');
  setCookie(reply, { name: VISIT, value, seconds: VISIT_SECONDS, secure });
  return value;
}

/** Of whoever sends a form that signs in: without the secret it was given, it fits no form. */
export function deviceOf(request: FastifyRequest): Device {
  const userAgent = (request.headers['user-agent'] ?? '')
    .slice(0, USER_AGENT_MOST)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '');
  return { address: request.ip, userAgent, visit: cookieOf(request, VISIT) ?? '' };
}

function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  return new RegExp(`(?:^|;\\s*)${name}=([^;]+)`).exec(headers.cookie ?? '')?.[1];
}

interface NewCookie {
  readonly name: string;
  readonly value: string;
  readonly seconds: number;
  readonly secure: boolean;
}

/** No other site sends it along with a form: Lax lets it come only with a link that is followed. */
function setCookie(reply: FastifyReply, { name, seconds, secure, value }: NewCookie): void {
  const flags = `HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  reply.header('set-cookie', `${name}=${value}; Path=/me; Max-Age=${seconds}; ${flags}`);
}
