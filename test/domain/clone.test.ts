import assert from 'node:assert/strict';
import { changesOf } from '../../src/domain/clone.ts';

describe('overrides', () => {
  it('are fields that replace, and a personality that is laid over the source’s', () => {
    assert.deepEqual(changesOf({ vibe: 'dry', personality: { tone: 'flat', traits: [] } }), {
      fields: { vibe: 'dry' },
      personality: { tone: 'flat', traits: [] },
    });
  });

  it('change nothing where nothing is named', () => {
    assert.deepEqual(changesOf({}), { fields: {}, personality: {} });
  });
});
