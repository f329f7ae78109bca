/** One source text twice, with the same line and column for everything: without its comments, and they alone. */
export interface BlankedSource {
  readonly code: string;
  readonly comments: string;
}

/** After these a slash begins a regular expression; after a value it divides. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|await|yield))\s*$/;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//y;
const QUOTED = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
/** How far back a regular expression's left neighbour is looked for. */
const LOOK_BACK = 40;

/** Tells comments from code; strings, templates and regular expressions are code. */
export function blankComments(text: string): BlankedSource {
  let code = '';
  let comments = '';
  // What `}` ends, innermost last: a block, or a `${…}` whose end leads back into its template.
  const braces: ('block' | 'template')[] = [];
  const keep = (part: string) => {
    code += part;
    comments += blank(part);
  };
  while (code.length < text.length) {
    const at = code.length;
    const comment = match(COMMENT, text, at);
    if (comment) {
      code += blank(comment);
      comments += comment;
      continue;
    }
    const char = text.charAt(at);
    const leavesTemplate = char === '}' && braces.pop() === 'template';
    if (char === '`' || leavesTemplate) {
      const part = templatePart(text, at);
      if (part.endsWith('${')) braces.push('template');
      keep(part);
      continue;
    }
    if (char === '{') braces.push('block');
    keep(match(QUOTED, text, at) ?? regexAt(text, at, code) ?? char);
  }
  return { code, comments };
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function regexAt(text: string, at: number, before: string): string | undefined {
  if (text[at] !== '/' || !BEFORE_REGEX.test(before.slice(-LOOK_BACK))) return undefined;
  return match(REGEX, text, at);
}

/** From a backtick, or the brace that ends a `${…}`, to the template's end or its next `${`. */
function templatePart(text: string, at: number): string {
  let end = at + 1;
  while (end < text.length) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '`') return text.slice(at, end + 1);
    else if (text.startsWith('${', end)) return text.slice(at, end + 2);
    end += 1;
  }
  return text.slice(at);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
