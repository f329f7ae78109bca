import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestIdOf } from './request-id.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

test('the caller’s id is kept, else its trace', () => {
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  assert.equal(requestIdOf({ headers: { 'x-correlator': 'abc-1', traceparent } }), 'abc-1');
  assert.equal(requestIdOf({ headers: { traceparent } }), trace);
});

test('what is malformed or too long is replaced', () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;
  for (const correlator of ['', 'a b', 'a\u007f', '<script>', 'x'.repeat(129)]) {
    assert.match(requestIdOf({ headers: { 'x-correlator': correlator } }), uuid);
  }
  for (const traceparent of [
    '00-1-2-3',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
  ]) {
    assert.match(requestIdOf({ headers: { traceparent } }), uuid);
  }
});
