// The renderer that asks an image model for photographs. What the model gives is treated like an upload: only its pixels are
// taken over, into a file of ours.
import { createHash } from 'node:crypto';
import { imageSize } from '../../../src/domain/shots.ts';
import { checkPicture } from '../../../src/pictures/checked-picture.ts';
import { thumbnailOf } from '../../../src/pictures/thumbnail.ts';
import { xmpOf } from '../provenance-xmp.ts';
import { RenderError, type Provenance, type Renderer } from '../renderer.ts';
import type { ImageModel } from './image-model.ts';
import { promptOf } from './prompt.ts';

const name = 'ai';
/** Must change with the prompt, and with what becomes of a model's picture. */
const version = '1';

/** How much longer one edge of a square may be than the other; what is over is cut off. */
const mostUneven = 1.02;

/** Draws with a model. Not deterministic: the seed is a wish, and some models have none. */
export const aiRenderer = (model: ImageModel): Renderer => ({
  name,
  version,
  maxReferences: model.maxReferences,
  async render(
    { identity, shot, seed: seedText, references: pictures },
    signal,
    beforePaying = () => Promise.resolve(),
  ) {
    const references: Uint8Array[] = [];
    for await (const picture of pictures) {
      signal.throwIfAborted();
      if (references.length === model.maxReferences) break;
      const reference = await referenceOf(picture);
      if (reference !== null) references.push(reference);
    }
    const prompt = promptOf({ identity, shot, references: references.length });
    const seed = seedOf(seedText);
    signal.throwIfAborted();
    await beforePaying();
    const made = await model.generate({ prompt, references, seed }, signal);
    signal.throwIfAborted();

    const provenance: Provenance = {
      renderer: name,
      version,
      seed: String(seed),
      model: model.name,
      promptSha256: createHash('sha256').update(prompt).digest('hex'),
    };
    const bytes = await webpOf(made, provenance);
    const thumbnail = await thumbnailOf(bytes);
    signal.throwIfAborted();
    return { bytes, thumbnail, mimeType: 'image/webp', width: imageSize, height: imageSize, provenance };
  },
});

/** Turns a seed into the number that models take: the same for all shots of a person, who looks the more alike for it. */
const seedOf = (seed: string): number => createHash('sha256').update(seed).digest().readUInt32BE() >>> 1;

/**
 * Takes a square picture of at least the size that we keep. On a photograph effort 2 takes 0.2 s and gives 450 KB; effort 6
 * takes six times as long for 1 % less.
 */
async function webpOf(made: Uint8Array, provenance: Provenance): Promise<Uint8Array> {
  const checked = await checkPicture(made);
  if ('refusedBy' in checked) throw new RenderError('unusable', `it ${checked.message}`);
  const { kind, width, height, decode } = checked;
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  if (shorter < imageSize || longer > shorter * mostUneven) {
    const size = `${String(width)} × ${String(height)}`;
    throw new RenderError('unusable', `it is a ${size} ${kind}, and no square of at least ${String(imageSize)} pixels`);
  }
  try {
    return await decode()
      .resize(imageSize, imageSize, { fit: 'cover' })
      .flatten({ background: '#ffffff' })
      .withXmp(xmpOf(provenance))
      .webp({ quality: 90, effort: 2 })
      .toBuffer();
  } catch (cause) {
    throw new RenderError('unusable', 'its pixels are damaged or incomplete', { cause });
  }
}

/** Shortest edge of a picture that shows a person, in pixels; some models refuse what is smaller. */
const leastEdge = 32;

/**
 * Makes what a model is shown of a stored picture: a JPEG, which all of them take, of no more pixels than they look at; null of one
 * that is too small, or too long, to show anybody.
 */
async function referenceOf(picture: Uint8Array): Promise<Uint8Array | null> {
  const checked = await checkPicture(picture);
  if ('refusedBy' in checked) throw new Error(`A stored reference ${checked.message}.`);
  const scale = Math.min(1, imageSize / Math.max(checked.width, checked.height));
  if (Math.min(checked.width, checked.height) * scale < leastEdge) return null;
  return checked
    .decode()
    .resize(imageSize, imageSize, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
