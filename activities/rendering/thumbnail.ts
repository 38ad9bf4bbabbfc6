import sharp from 'sharp';
import { thumbnailSize } from '../../src/domain/shots.ts';

/**
 * Makes the 256 px square WebP thumbnail of a picture, upright and without its metadata. A picture of another shape is cropped
 * where most happens. Throws sharp's error when the bytes are no picture.
 */
export async function thumbnailOf(bytes: Uint8Array): Promise<Uint8Array> {
  return sharp(bytes)
    .autoOrient()
    .resize(thumbnailSize, thumbnailSize, { fit: 'cover', position: 'attention' })
    .webp({ quality: 82, effort: 2 })
    .toBuffer();
}
