import sharp from 'sharp';
import type { Drawing, Renderer } from '../../activities/rendering/renderer.ts';
import { thumbnailOf } from '../../src/pictures/thumbnail.ts';
import type { Shot } from '../../src/domain/shots.ts';

/** A WebP of one colour; of the size of a reference image where no other is asked for. */
export const plainPicture = (color: string, { width = 1024, height = 1024 } = {}): Promise<Uint8Array> =>
  sharp({ create: { width, height, channels: 3, background: color } })
    .webp({ effort: 0 })
    .toBuffer();

type Picture = Pick<Drawing, 'bytes' | 'thumbnail'>;
const pictures = new Map<string, Promise<Picture>>();

const pictureOnce = (color: string): Promise<Picture> => {
  const picture = pictures.get(color) ?? pictureAndThumbnail(color);
  pictures.set(color, picture);
  return picture;
};

async function pictureAndThumbnail(color: string): Promise<Picture> {
  const bytes = await plainPicture(color);
  return { bytes, thumbnail: await thumbnailOf(bytes) };
}

/** What happens before a shot is drawn: it may throw, or wait. */
export type BeforeDrawing = (shot: Shot, signal: AbortSignal) => Promise<void> | void;

/** A renderer that hands in one picture for everybody at once, so that a test waits for what it is about. */
export const plainRenderer = (before: BeforeDrawing = () => undefined, color = '#336699'): Renderer => ({
  name: 'illustrated',
  version: 'plain',
  maxReferences: 0,
  async render({ seed, shot }, signal): Promise<Drawing> {
    await before(shot, signal);
    return {
      ...(await pictureOnce(color)),
      mimeType: 'image/webp',
      width: 1024,
      height: 1024,
      provenance: { renderer: 'illustrated', version: 'plain', seed },
    };
  },
});
