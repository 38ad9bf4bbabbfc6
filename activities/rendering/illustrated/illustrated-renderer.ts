// The renderer that needs no account and no network: drawn people, the same bytes for the same description.
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import { imageSize } from '../../../src/domain/shots.ts';
import { thumbnailOf } from '../../../src/pictures/thumbnail.ts';
import type { Provenance, Renderer } from '../renderer.ts';
import { avatarOf } from './avatar.ts';
import { pictureOf } from './picture.ts';
import { xmpOf } from '../provenance-xmp.ts';

const name = 'illustrated';
/** Must change with anything that changes a byte of a drawing, the versions of sharp and of the art included. */
const version = '2';

/** Draws a person as a flat illustration. Deterministic: equal identity, seed, shot and version give equal bytes. */
export const illustratedRenderer: Renderer = {
  name,
  version,
  maxReferences: 0,
  async render({ identity, shot, seed }, signal) {
    signal.throwIfAborted();
    const svg = pictureOf(avatarOf(identity, seed, shot));
    // Drawing takes a few milliseconds of the event loop; what waits there goes before the encoding is ordered.
    await setImmediate();
    signal.throwIfAborted();
    const provenance: Provenance = { renderer: name, version, seed };
    const bytes = await webpOf(svg, provenance);
    signal.throwIfAborted();
    const thumbnail = await thumbnailOf(bytes);
    return { bytes, thumbnail, mimeType: 'image/webp', width: imageSize, height: imageSize, provenance };
  },
};

/**
 * Flat colours are small when lossless, and lossy WebP would halve the resolution of their edges' colour; effort 0 takes 20 ms
 * and 70 KB, effort 1 300 ms and 40 KB.
 */
const webpOf = (svg: string, provenance: Provenance): Promise<Uint8Array> =>
  sharp(Buffer.from(svg)).removeAlpha().withXmp(xmpOf(provenance)).webp({ lossless: true, effort: 0 }).toBuffer();
