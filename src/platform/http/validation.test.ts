import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { type TSchema, Type } from 'typebox';
import { closeObjects, invalidRequest } from './validation.ts';

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });

/** What is told of a body, field by field. */
function faultsOf(schema: TSchema, body: unknown): readonly string[] {
  const validate = ajv.compile(closeObjects(schema) as object);
  assert.equal(validate(body), false, JSON.stringify(body));
  return invalidRequest(validate.errors ?? [], 'body').faults.map(
    ({ field, message }) => `${field} ${message}`,
  );
}

const Circle = Type.Object({ shape: Type.Literal('circle'), radius: Type.Integer() });
const Square = Type.Object({
  shape: Type.Literal('square'),
  side: Type.Object({ length: Type.Integer({ minimum: 1 }) }),
});
const Shape = Type.Union([Circle, Square]);

test('of a union whose branches name themselves, what is wrong with the one that was meant is told', () => {
  for (const schema of [Shape, Type.Object({ of: Shape })]) {
    const isNested = schema !== Shape;
    const told = (body: unknown) => faultsOf(schema, isNested ? { of: body } : body);
    const at = isNested ? 'of.' : '';
    assert.deepEqual(told({ shape: 'circle' }), [`${at}radius is required`]);
    assert.deepEqual(told({ shape: 'circle', radius: 1, side: {} }), [
      `${at}side is not a known field`,
    ]);
    assert.deepEqual(told({ shape: 'square', side: { length: 0 } }), [
      `${at}side.length must be >= 1`,
    ]);
    assert.deepEqual(told({ shape: 'line' }), [`${at}shape must be one of circle, square`]);
    assert.deepEqual(told({ radius: 1 }), [`${at}shape is required`]);
  }
});

test('what is no object, and branches that do not name themselves apart, are told as before', () => {
  assert.deepEqual(faultsOf(Shape, 'circle'), ['body must be one of an object']);
  const Alike = Type.Union([Circle, Type.Object({ shape: Type.Literal('circle'), x: Circle })]);
  assert.deepEqual(faultsOf(Alike, { shape: 'circle' }), ['body must be one of an object']);
  const Named = Type.Union([Type.Object({ one: Type.Integer() }, { title: 'one' }), Type.Null()]);
  assert.deepEqual(faultsOf(Named, { one: 'x' }), ['one must be an integer']);
});
