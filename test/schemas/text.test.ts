import assert from 'node:assert/strict';
import Type from 'typebox';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { eachOrNull, idInput, idOutput, nullable, patternMeanings, text } from '../../src/schemas/text.ts';
import { formatId } from '../../src/domain/ids.ts';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const accepts = (schema: Type.TSchema, value: unknown): boolean => ajv.validate(schema, value);

describe('a text', () => {
  it('holds any Unicode that Postgres and JSON can hold', () => {
    const schema = text(10, 'A text.');
    for (const value of ['', 'é', '🙂', '\u{10ffff}', '\u0001\n\t', '\uffff', '🙂'.repeat(10)]) {
      assert.ok(accepts(schema, value), JSON.stringify(value));
    }
    for (const value of ['\0', 'a\0b', '\ud83d', '\ude00', '\ude00\ud83d', 'x'.repeat(11), 7, null]) {
      assert.ok(!accepts(schema, value), JSON.stringify(value));
    }
  });
});

describe('an id', () => {
  const uuid = '0189d3c2-1111-7222-8333-444455556666';

  it('goes in in every spelling and comes out in one', () => {
    for (const value of [uuid, `inf_${uuid}`, formatId('influencer', uuid).toLowerCase()]) {
      assert.ok(accepts(idInput('influencer', 'An influencer.'), value));
      assert.ok(!accepts(idOutput('inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'An influencer.'), value));
    }
    assert.ok(accepts(idOutput('inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'An influencer.'), formatId('influencer', uuid)));
  });

  it('is refused in words, not with a regular expression', () => {
    const { pattern } = idInput('job', 'A job.') as { pattern?: string };
    assert.equal(patternMeanings.get(pattern ?? ''), 'must be an id of kind job: its prefixed form, or a UUID');
  });
});

describe('what may be null', () => {
  it('is null or what it was', () => {
    const schema = nullable(Type.Integer());
    assert.deepEqual(
      [7, null, 'x'].map((value) => accepts(schema, value)),
      [true, true, false],
    );
  });

  it('has to be there, when an object shows each of its fields', () => {
    const schema = Type.Object(eachOrNull({ a: Type.Optional(Type.String()), b: Type.Integer() }));
    assert.ok(accepts(schema, { a: null, b: null }));
    assert.ok(accepts(schema, { a: 'x', b: 1 }));
    assert.ok(!accepts(schema, { b: 1 }));
    assert.ok(!accepts(schema, { a: 1, b: 1 }));
  });
});
