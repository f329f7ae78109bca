/** What every generated document says first, so that nobody edits it in vain. */
export function head(title: string, from: string): string {
  return `# ${title}\n\n<!-- Generated from ${from} by \`npm run generate\`: change that, not this. -->\n`;
}

/** A table; letters that would end a cell are escaped. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** `code`, or nothing for nothing. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
