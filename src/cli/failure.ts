import { isTransient } from '#database';
import { AppError, messageOf } from '#errors';
import { EXIT } from './exit.ts';
import { explanationOf } from './explanations.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

const CODE_COLUMN = 92;

/** Tells why a command ended, in a few lines, and answers its exit code. A stack only with `--debug`. */
export function reportFailure(
  terminal: Terminal,
  error: unknown,
  options: { readonly debug: boolean; readonly json: boolean },
): number {
  const refusal = toRefusal(error);
  if (options.json) {
    const { code, message, advice, exit } = refusal;
    terminal.out(JSON.stringify({ type: 'error', code, message, advice, exit }));
  } else {
    const [first = '', ...rest] = refusal.message.split('\n');
    const code = refusal.code ? `  ${refusal.code}` : '';
    terminal.err();
    terminal.err(
      `  ${terminal.paint('bad', '✗')} ${first.padEnd(code ? CODE_COLUMN - 4 : 0)}${code}`,
    );
    for (const line of [...rest, ...refusal.advice]) terminal.err(`    ${line}`);
    terminal.err();
  }
  if (options.debug) terminal.err(stackOf(error));
  return refusal.exit;
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof AppError) return fromAppError(error);
  if (isTransient(error)) {
    const message = `The database can't be reached: ${hideCredentials(messageOf(error))}`;
    return new Refusal(EXIT.temporary, message, { code: 'KOP-0210' });
  }
  const message = `This should not have happened: ${hideCredentials(messageOf(error))}`;
  return new Refusal(EXIT.failed, message, { advice: ['Run it again with --debug to see where.'] });
}

/** What has to be mended first is a matter of settings; what may pass by itself is temporary. */
function fromAppError(error: AppError): Refusal {
  const exit =
    error.kind === 'unavailable' || error.kind === 'limited'
      ? EXIT.temporary
      : error.kind === 'not_found'
        ? EXIT.notFound
        : error.kind === 'internal'
          ? EXIT.failed
          : EXIT.usage;
  const code = explanationOf(error.code)?.code;
  const log = typeof error.details.log === 'string' ? error.details.log.split('\n').slice(-5) : [];
  const more = { advice: log.filter((line) => line.trim() !== ''), ...(code ? { code } : {}) };
  return new Refusal(exit, hideCredentials(error.message), more);
}

/** A driver may quote the URL that it was given. A password ends at the last @ of the word. */
export function hideCredentials(text: string): string {
  return text.replaceAll(/([a-z]+:\/\/[^\s:/@]*):\S*@/gi, '$1:•••@');
}

function stackOf(error: unknown): string {
  const own = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause ? `\ncaused by ${stackOf(error.cause)}` : '';
  return hideCredentials(own + cause);
}
