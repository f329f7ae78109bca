import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { createStylesheet, html, trustedHtml } from '#http';

test('values are escaped in text and in attributes', () => {
  const evil = `<script>alert("1" & '2')</script>`;
  assert.equal(
    html`<p title="${evil}">${evil}</p>`.text,
    '<p title="&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;">' +
      '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;</p>',
  );
});

test('markup inside markup stays as it is, and lists are joined', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  assert.equal(
    html`<ul>${items}${trustedHtml('<hr>')}</ul>`.text,
    '<ul><li>a</li><li>&lt;b&gt;</li><hr></ul>',
  );
});

test('nothing prints nothing, numbers print themselves', () => {
  assert.equal(html`[${undefined}${null}${false}${true}${0}${5n}${[]}]`.text, '[05]');
});

test('a stylesheet is named by the hash of its text', () => {
  const sheet = createStylesheet('p{color:red}');
  assert.equal(sheet.tag.text, '<style>p{color:red}</style>');
  assert.equal(sheet.cspSource, `'sha256-${hash('sha256', 'p{color:red}', 'base64')}'`);
  assert.throws(() => createStylesheet('</STYLE><script>'));
});
