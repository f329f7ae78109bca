import { settings } from '#config';
import type { Generator } from './generator.ts';
import { code, head, table } from './markdown.ts';

const INTRODUCTION = `A setting is an environment variable, or a line of the file \`.env\` in the folder where Kopek is started; the environment
wins. None is needed. \`kopek check\` tells every bad one at once, with where it stands and what to write instead;
\`kopek explain <code>\` tells more. Secret values are never printed.
`;

const CONCLUSION = `
What belongs to an operator (address, requests per second, time zone, prefixes, …) is no setting: it stands in
[\`operators.operator\`](database.md#operators) and holds a second after it has been changed there. Prices and texts stand
with the services, in \`subscriptions.service_terms\`.
`;

/** Every setting, from the one table that reads them. */
export const configuration: Generator = {
  path: 'docs/reference/configuration.md',
  generate: async () =>
    [
      head('Configuration', 'src/config.ts'),
      INTRODUCTION,
      table(
        ['Setting', 'Value', 'Unless it is set', 'What it does'],
        settings.map(({ fallback, fallbackShown, kind, name, secret, sentence }) => [
          code(name),
          kind,
          code(typeof fallback === 'string' ? fallback : (fallbackShown ?? '')) || 'empty',
          secret ? `${sentence} Secret.` : sentence,
        ]),
      ),
      CONCLUSION,
    ].join('\n'),
};
