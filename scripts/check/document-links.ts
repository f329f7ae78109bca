import { posix } from 'node:path';
import { type Document, lineAt, type Project, type Rule } from './project.ts';

const LINK = /\]\(([^()\s]+)\)/g;
/** What stands in code is no link. */
const CODE = /^```[\s\S]*?^```|`[^`\n]*`/gm;
const HEADING = /^#{1,6} (.+)$/gm;
const ELSEWHERE = /^[a-z]+:/;

/** A relative link of a document leads to something that is there, and its `#part` to a heading. */
export const documentLinks: Rule = (project) =>
  project.documents.flatMap((document) => {
    const text = blankCode(document.text);
    return [...text.matchAll(LINK)].flatMap((found) => {
      const message = judge(project, document, found[1] ?? '');
      return message ? [{ path: document.path, line: lineAt(text, found.index), message }] : [];
    });
  });

function judge(project: Project, from: Document, link: string): string | undefined {
  if (ELSEWHERE.test(link)) return undefined;
  const [path = '', part] = link.split('#');
  const target = path === '' ? from.path : posix.join(posix.dirname(from.path), path);
  if (!project.paths.has(target.replace(/\/$/, ''))) return `${link} leads nowhere`;
  const document = project.documents.find((one) => one.path === target);
  if (part === undefined || !document || partsOf(document).includes(part)) return undefined;
  return `${target} has no heading #${part}`;
}

/** The names under which GitHub and others reach the headings of a document. */
export function partsOf({ text }: Pick<Document, 'text'>): readonly string[] {
  return [...text.matchAll(HEADING)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

function blankCode(text: string): string {
  return text.replace(CODE, (code) => code.replace(/[^\n]/g, ' '));
}
