import assert from 'node:assert/strict';
import { allows, scopes, type Scope } from '../../src/domain/scopes.ts';

describe('scopes', () => {
  /** All that a scope allows beside itself. */
  const more: Partial<Record<Scope, Scope[]>> = {
    'influencers:write': ['influencers:read'],
    'projects:write': ['projects:read'],
    'webhooks:write': ['webhooks:read'],
    '*': scopes.filter((scope) => scope !== 'org:admin'),
  };

  for (const held of scopes) {
    it(`${held} allows ${['itself', ...(more[held] ?? [])].join(', ')} and nothing else`, () => {
      const allowed = scopes.filter((required) => allows([held], required));
      assert.deepEqual(new Set(allowed), new Set([held, ...(more[held] ?? [])]));
    });
  }

  it('add up', () => {
    assert.ok(allows(['jobs:read', 'influencers:write'], 'influencers:read'));
    assert.ok(allows(['*', 'org:admin'], 'org:admin'));
    assert.ok(!allows([], 'jobs:read'));
  });
});
