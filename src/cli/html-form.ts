/** A form of a page, as a browser without JavaScript sees it. */
export interface HtmlForm {
  readonly action: string;
  /** Names of all fields, with the values they came with. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The first form of the page that has a field of that name; of any name without one. */
export function findForm(page: string, field?: string): HtmlForm | undefined {
  for (const [, attributes = '', inside = ''] of page.matchAll(
    /<form\b([^>]*)>([\s\S]*?)<\/form>/gi,
  )) {
    const fields = Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/gi)].flatMap(([, of = '']) => {
        const name = attribute(of, 'name');
        return name === undefined ? [] : [[name, attribute(of, 'value') ?? '']];
      }),
    );
    const fits = field === undefined || Object.hasOwn(fields, field);
    if (fits) return { action: attribute(attributes, 'action') ?? '', fields };
  }
  return undefined;
}

function attribute(attributes: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*"([^"]*)"`, 'i').exec(attributes)?.[1];
  return found === undefined ? undefined : unescapeHtml(found);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function unescapeHtml(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}
