import { readToken, signToken } from '#auth';
import type { Clock } from '#clock';
import type { Locale } from '#subscriptions/speech';
import { fail } from './errors.ts';
import type { Session } from './sessions.ts';

/** What a form does, to what, and what was shown beside its button. */
export interface FormOf {
  /** Such as `cancel`. */
  readonly action: string;
  /** Such as `sub_…`; '' where there is only one. */
  readonly subject: string;
  /** `cmd_…` that it will be: pressed twice, it is one command. */
  readonly command?: string;
  readonly quote?: { readonly at: string; readonly hash: string };
  readonly plan?: string;
  readonly version?: number;
  /** `card_…` that was shown. */
  readonly card?: string;
  /** What is agreed to by this button: the hash of its text, in which language it was, and when. */
  readonly shown?: { readonly text: string; readonly locale: Locale; readonly atMs: number };
}

export interface FormTokens {
  /** For the hidden field of a form: nobody else's browser, page or button can use it. */
  write(session: Session, form: FormOf): string;
  /** Throws `form_of_another_page`, `token_invalid`, `token_expired`, `form_incomplete`. */
  read(
    session: Session,
    token: string | undefined,
    wanted: Pick<FormOf, 'action' | 'subject'>,
  ): FormOf;
}

const PURPOSE = 'client-form';
const MAX_AGE_MS = 3_600_000;

export function createFormTokens({
  clock,
  secret,
}: {
  readonly clock: Clock;
  readonly secret: string;
}): FormTokens {
  const signing = () => ({ secret, purpose: PURPOSE, now: clock.now() });
  return {
    write: (session, form) => signToken([session.id.toString(), form], signing()),
    read(session, token, { action, subject }) {
      if (token === undefined)
        throw fail('form_incomplete', 'The form came without its token. Open the page again.', {
          faults: [{ field: 'token', message: 'is required' }],
        });
      const [owner, form] = readToken<readonly [string, FormOf]>(token, {
        ...signing(),
        maxAgeMs: MAX_AGE_MS,
      });
      if (owner !== session.id.toString() || form.action !== action || form.subject !== subject)
        throw fail(
          'form_of_another_page',
          'This form is not of the page that you are on. Open the page again.',
        );
      return form;
    },
  };
}
