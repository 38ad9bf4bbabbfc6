import assert from 'node:assert/strict';
import { chooseRenderer, type RendererChoice } from '../../src/studio/choose-renderer.ts';

describe('chooseRenderer', () => {
  const keys = ['a key'];

  for (const [choice, hasStudio, drawerKeys, chosen] of [
    ['auto', true, null, 'studio'],
    ['auto', true, keys, 'studio'],
    ['auto', false, null, 'illustrated'],
    ['auto', false, keys, 'illustrated'],
    ['illustrated', true, keys, 'illustrated'],
    ['ai', true, keys, 'ai'],
    ['studio', true, null, 'studio'],
    ['studio', false, keys, 'studio'],
  ] as const satisfies [RendererChoice, boolean, string[] | null, string][]) {
    const where = `${hasStudio ? 'with' : 'without'} a studio of its own, ${drawerKeys === null ? 'without' : 'with'} keys for others`;
    it(`takes ${chosen} for ${choice} ${where}`, () => {
      assert.equal(chooseRenderer(choice, { hasStudio, drawerKeys }), chosen);
    });
  }

  it('refuses the studio where none could ever draw, saying what to do', () => {
    assert.throws(() => chooseRenderer('studio', { hasStudio: false, drawerKeys: null }), {
      name: 'StartError',
      message: /npm run studio:install.*DRAWER_KEYS/,
    });
  });
});
