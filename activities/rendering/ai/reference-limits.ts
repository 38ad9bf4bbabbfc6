import type { ImageProvider } from '../../../src/domain/image-providers.ts';

/** The shots of one set: more pictures of a person cost more, and tell nothing new. */
const mostOfUse = 6;

interface Limits {
  /** By the model's name; the first that fits counts. */
  models: readonly (readonly [RegExp, number])[];
  /** Of all others. */
  otherwise: number;
}

/** How many pictures a model takes beside the text, by what its vendor says. */
const limits: Record<ImageProvider, Limits> = {
  // https://platform.openai.com/docs/api-reference/images/createEdit: sixteen; dall-e-2 repaints one and makes nobody like it.
  openai: { models: [[/^dall-e/, 0]], otherwise: 16 },
  // https://ai.google.dev/gemini-api/docs/image-generation: three work best with 2.5; later ones take fourteen. Imagen takes none.
  google: {
    models: [
      [/^imagen/, 0],
      [/^gemini-2\.5/, 3],
    ],
    otherwise: 14,
  },
  // https://docs.bfl.ai/guides/prompting_editing_overview; of FLUX.1, Kontext alone takes one.
  'black-forest-labs': {
    models: [
      [/^flux-2-klein/, 4],
      [/^flux-2/, 8],
      [/kontext/, 1],
    ],
    otherwise: 0,
  },
  // Each model's page at https://fal.ai/models: it has an endpoint for editing, or is none for us.
  fal: {
    models: [
      [/kontext\/max\/multi|kontext\/multi/, 4],
      [/kontext/, 1],
      [/nano-banana|gemini|flux-2|seedream|gpt-image|qwen-image-edit/, 4],
    ],
    otherwise: 0,
  },
  // Each model's API page at https://replicate.com/explore.
  replicate: {
    models: [
      [/flux-2-klein/, 5],
      [/flux-2/, 8],
      [/nano-banana|seedream|gpt-image|qwen-image-edit-plus/, 4],
      [/kontext|qwen-image-edit/, 1],
    ],
    otherwise: 0,
  },
  // One is what every server that edits understands.
  'openai-compatible': { models: [[/qwen-image-edit|flux\.?-?2|gpt-image/i, 3]], otherwise: 1 },
};

/** Tells how many pictures of a person a model is given. */
export function maxReferencesOf(provider: ImageProvider, model: string): number {
  const { models, otherwise } = limits[provider];
  const [, most] = models.find(([pattern]) => pattern.test(model)) ?? [null, otherwise];
  return Math.min(mostOfUse, most);
}
