import assert from 'node:assert/strict';
import { cloneInfluencerBody, createInfluencerBody, updateInfluencerBody } from '../../src/schemas/influencer.ts';
import { identities } from '../support/identities.ts';
import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });

describe('the body of a clone', () => {
  const overrides = cloneInfluencerBody.properties.overrides;

  it('overrides every field of a create but those that name the row or bring photos', () => {
    const { name: _, influencerId: __, referenceImages: ___, ...identity } = createInfluencerBody.properties;
    assert.deepEqual(Object.keys(overrides.properties).sort(), Object.keys(identity).sort());
  });

  it('takes any identity as overrides that a create takes as an identity', () => {
    const validate = ajv.compile(cloneInfluencerBody);
    const validateCreate = ajv.compile(createInfluencerBody);
    fc.assert(
      fc.property(identities, (identity) => {
        assert.ok(validate({ name: 'Ava', overrides: identity }), ajv.errorsText(validate.errors));
        assert.ok(validateCreate({ name: 'Ava', ...identity }), ajv.errorsText(validateCreate.errors));
      }),
    );
  });
});

describe('the body of an update', () => {
  const { name: _, ...fields } = updateInfluencerBody.properties;

  it('has the fields of an identity, each of which null clears', () => {
    const { name: __, influencerId: ___, referenceImages: ____, ...identity } = createInfluencerBody.properties;
    assert.deepEqual(Object.keys(fields).sort(), Object.keys(identity).sort());
    const validate = ajv.compile(updateInfluencerBody);
    for (const field of Object.keys(fields)) assert.ok(validate({ [field]: null }), field);
    assert.ok(!validate({ name: null }));
  });

  it('takes any identity that a create takes, of which one field at least', () => {
    const validate = ajv.compile(updateInfluencerBody);
    fc.assert(
      fc.property(identities, (identity) => {
        assert.equal(validate(identity), Object.keys(identity).length > 0, ajv.errorsText(validate.errors));
      }),
    );
  });
});
