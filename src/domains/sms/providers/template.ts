/** What may stand in `{{…}}`. A number that stands alone in a JSON value stays a number. */
export type Values = Readonly<Record<string, string | number | undefined>>;

const PLACE = /\{\{\s*([\w:.-]+)\s*\}\}/g;
const ONLY_PLACE = /^\{\{\s*([\w:.-]+)\s*\}\}$/;
const DEPTH_MAX = 8;

/** Fills a text; `harmless` makes a value harmless where the text will stand. What is not known is empty. */
export function fillText(
  template: string,
  values: Values,
  harmless: (value: string) => string = (value) => value,
): string {
  return template.replace(PLACE, (_place, name: string) => {
    const value = lookUp(values, name);
    return value === undefined ? '' : harmless(String(value));
  });
}

/**
 * Fills JSON: its texts, not its shape, so that no text of a customer's can end a string or add a member. A member whose
 * only place has no value is left out.
 */
export function fillJson(template: unknown, values: Values, depth = 0): unknown {
  if (depth > DEPTH_MAX) return undefined;
  if (typeof template === 'string') {
    const [, name] = ONLY_PLACE.exec(template) ?? [];
    return name === undefined ? fillText(template, values) : lookUp(values, name);
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, values, depth + 1));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).flatMap(([name, item]) => {
      const value = fillJson(item, values, depth + 1);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A form: an object of templates. */
export function fillForm(template: unknown, values: Values): string {
  const filled = fillJson(template, values);
  const form = new URLSearchParams();
  if (typeof filled === 'object' && filled !== null) {
    for (const [name, value] of Object.entries(filled)) form.append(name, String(value));
  }
  return form.toString();
}

/** The names of all places of a template, for a check before it is used. */
export function placesOf(template: unknown): readonly string[] {
  return [...JSON.stringify(template ?? '').matchAll(PLACE)].map(([, name]) => name ?? '');
}

function lookUp(values: Values, name: string): string | number | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
