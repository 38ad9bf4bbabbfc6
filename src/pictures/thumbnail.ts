import sharp from 'sharp';
import { thumbnailSize } from '../domain/shots.ts';

/** A longer picture is cut to this ratio before it is scaled: a line of pixels would become a picture of millions. */
const maxRatio = 8;

/**
 * Makes the 256 px square WebP thumbnail of a picture, upright and without its metadata. A picture of another shape is cropped
 * where most happens. Throws sharp's error when the bytes are no picture.
 */
export async function thumbnailOf(bytes: Uint8Array): Promise<Uint8Array> {
  const picture = sharp(bytes).autoOrient();
  const { autoOrient } = await picture.metadata();
  const { width, height } = autoOrient;
  const longest = Math.min(width, height) * maxRatio;
  if (Math.max(width, height) > longest) {
    const [cutWidth, cutHeight] = [Math.min(width, longest), Math.min(height, longest)];
    picture.extract({
      left: Math.floor((width - cutWidth) / 2),
      top: Math.floor((height - cutHeight) / 2),
      width: cutWidth,
      height: cutHeight,
    });
  }
  return picture
    .resize(thumbnailSize, thumbnailSize, { fit: 'cover', position: 'attention' })
    .webp({ quality: 82, effort: 2 })
    .toBuffer();
}
