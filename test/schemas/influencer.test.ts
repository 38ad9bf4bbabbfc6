import assert from 'node:assert/strict';
import { cloneInfluencerBody, createInfluencerBody } from '../../src/schemas/influencer.ts';
import { identities } from '../support/identities.ts';
import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ strict: true });

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
