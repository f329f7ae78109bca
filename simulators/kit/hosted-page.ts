import { page } from './html.ts';
import type { Reply } from './reply.ts';

export interface HostedPage {
  readonly status?: number;
  readonly title: string;
  readonly main: string;
  readonly files?: string;
  /** A form leads there in the end: a browser would stop at the border of this origin otherwise. */
  readonly leadsTo?: string | undefined;
  /** It may stand in a frame of another site. */
  readonly isFramed?: true;
}

/** A page of the gateway that a payer sees. It works without a script. */
export function hostedPage({
  files = 'gateway',
  isFramed,
  leadsTo,
  ...content
}: HostedPage): Reply {
  const reply = page({ ...content, files, attributes: 'class="pay"' });
  const origin = leadsTo !== undefined && URL.canParse(leadsTo) ? new URL(leadsTo).origin : '';
  const policy = (reply.headers?.['content-security-policy'] ?? '')
    .replace("form-action 'self'", `form-action 'self' ${origin}`.trimEnd())
    .replace("frame-ancestors 'none'", isFramed ? 'frame-ancestors *' : "frame-ancestors 'none'");
  return { ...reply, headers: { ...reply.headers, 'content-security-policy': policy } };
}

/** `19990` of `RUB` is `199.90 RUB`. */
export function formatMinor(amountMinor: number, currency: string): string {
  const text = String(amountMinor).padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)} ${currency}`;
}
