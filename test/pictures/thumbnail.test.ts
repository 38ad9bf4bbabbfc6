import assert from 'node:assert/strict';
import sharp from 'sharp';
import { thumbnailOf } from '../../src/pictures/thumbnail.ts';
import { thumbnailSize } from '../../src/domain/shots.ts';

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#336699' } });

describe('thumbnailOf', () => {
  for (const [width, height] of [
    [1024, 1024],
    [1600, 400],
    [40, 90],
  ] as const) {
    it(`makes a square of ${String(thumbnailSize)} px from ${String(width)} × ${String(height)}`, async () => {
      const made = await sharp(await thumbnailOf(await picture(width, height).png().toBuffer())).metadata();
      assert.deepEqual([made.format, made.width, made.height], ['webp', thumbnailSize, thumbnailSize]);
    });
  }

  it('drops the metadata of the original', async () => {
    const original = await picture(300, 300).jpeg().withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').toBuffer();
    const { xmp, exif } = await sharp(await thumbnailOf(original)).metadata();
    assert.deepEqual([xmp, exif], [undefined, undefined]);
  });

  it('refuses bytes that are no picture', async () => {
    await assert.rejects(thumbnailOf(Buffer.from('not a picture')));
  });
});
