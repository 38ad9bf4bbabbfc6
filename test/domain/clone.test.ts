import assert from 'node:assert/strict';
import { changesOf } from '../../src/domain/clone.ts';

describe('changes of an identity', () => {
  it('are fields that replace, and a personality that is laid over what is there', () => {
    assert.deepEqual(changesOf({ vibe: 'dry', personality: { tone: 'flat', traits: [] } }), {
      fields: { vibe: 'dry' },
      personality: { tone: 'flat', traits: [] },
    });
  });

  it('may clear a field, a key of the personality, or all of it', () => {
    assert.deepEqual(changesOf({ vibe: null, personality: { tone: null } }), {
      fields: { vibe: null },
      personality: { tone: null },
    });
    assert.deepEqual(changesOf({ personality: null }), { fields: {}, personality: null });
  });

  it('change nothing where nothing is named', () => {
    assert.deepEqual(changesOf({}), { fields: {}, personality: {} });
  });
});
