import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentLinks } from './document-links.ts';
import { sampleProject } from './sample-project.ts';

function find(texts: Readonly<Record<string, string>>): readonly string[] {
  const project = sampleProject({ 'src/app.ts': '' }, texts);
  return documentLinks(project).map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

test('a link to a file, a folder, a heading or another host is fine', () => {
  const text =
    '# One thing\n[a](docs/b.md#the-bus--more) [b](src/) [c](#one-thing) [d](https://x.org/y)';
  assert.deepEqual(
    find({ 'README.md': text, 'docs/b.md': '## The bus & more\n[up](../README.md)' }),
    [],
  );
});

test('a link to what is not there is a fault, by its line', () => {
  assert.deepEqual(find({ 'docs/a.md': '\n[b](b.md)' }), ['docs/a.md:2: b.md leads nowhere']);
});

test('a heading that is not there is a fault', () => {
  const found = find({ 'a.md': '[b](b.md#three)', 'b.md': '# Two' });
  assert.deepEqual(found, ['a.md:1: b.md has no heading #three']);
});

test('what stands in code is no link', () => {
  assert.deepEqual(find({ 'a.md': '`[b](b.md)`\n```\n[b](b.md)\n```' }), []);
});
