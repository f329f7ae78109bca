import { fail } from '#sms/errors';

const PLACE = /\{([a-z][a-z0-9_]{0,39})\}/g;

/** Names of the variables of a text, in the order in which they first appear: `{name}`. */
export function variablesOf(body: string): readonly string[] {
  return [...new Set([...body.matchAll(PLACE)].map(([, name = '']) => name))];
}

/** The text with its variables in place. Throws `template_variables`, naming those that are missing or not asked for. */
export function renderTemplate(
  body: string,
  variables: Readonly<Record<string, string>>,
  field = 'variables',
): string {
  const wanted = variablesOf(body);
  // Own ones only: every object has a `constructor`.
  const missing = wanted.filter((name) => !Object.hasOwn(variables, name));
  const odd = Object.keys(variables).filter((name) => !wanted.includes(name));
  if (missing.length > 0 || odd.length > 0) {
    throw fail('template_variables', 'The variables do not fit the text.', {
      faults: [
        ...missing.map((name) => ({ field: `${field}.${name}`, message: 'is missing' })),
        ...odd.map((name) => ({ field: `${field}.${name}`, message: 'is not in the text' })),
      ],
    });
  }
  return body.replace(PLACE, (_place, name: string) => variables[name] ?? '');
}
