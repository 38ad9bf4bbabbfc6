// How each provider's package is loaded and asked. What is asked for is one square picture of 1024 pixels, in each one's words;
// options that a package would only warn of are left out.

import type { generateImage } from 'ai';
import type { ImageProvider } from '../../../src/domain/image-providers.ts';
import { imageSize } from '../../../src/domain/shots.ts';
import type { Fetch } from './bounded-fetch.ts';
import type { ImageOrder } from './image-model.ts';
import { at } from './json-path.ts';

type Request = Parameters<typeof generateImage>[0];

interface Connection {
  apiKey: string;
  baseURL: string;
  fetch: Fetch;
  pollIntervalMillis: number;
  /** When a package that polls is to give up by itself: the time limit comes before it. */
  pollTimeoutMillis: number;
}

export interface Adapter {
  /** Loads the provider's package. */
  connect: (connection: Connection) => Promise<(model: string) => Request['model']>;
  request: (model: string, order: ImageOrder) => Omit<Request, 'model'>;
  /** The model that is asked, where it is another one with pictures than without. */
  endpoint?: (model: string, hasReferences: boolean) => string;
  /** Other hosts of the provider, which may see the key; only over HTTPS, and when the configured one is of them too. */
  hosts?: RegExp;
  /** Where to ask again while an answer is not final, if the package does not do it. */
  unfinished?: (body: unknown) => string | undefined;
}

type Edge = typeof imageSize;
const square = `${String(imageSize)}x${String(imageSize)}` as `${Edge}x${Edge}`;

export const adapters: Record<ImageProvider, Adapter> = {
  openai: {
    async connect(connection) {
      const { createOpenAI } = await import('@ai-sdk/openai');
      const provider = createOpenAI(connection);
      return (model) => provider.image(model);
    },
    request: (model, order) => ({
      prompt: promptOf(order),
      size: square,
      ...(order.references.length > 0 &&
        takesInputFidelity.test(model) && { providerOptions: { openai: { inputFidelity: 'high' } } }),
    }),
  },

  google: {
    async connect(connection) {
      const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
      const provider = createGoogleGenerativeAI(connection);
      return (model) => provider.image(model);
    },
    request: (model, order) => ({
      prompt: promptOf(order),
      aspectRatio: '1:1',
      ...(!model.startsWith('imagen') && { seed: order.seed }),
    }),
  },

  'black-forest-labs': {
    async connect(connection) {
      const { createBlackForestLabs } = await import('@ai-sdk/black-forest-labs');
      const provider = createBlackForestLabs(connection);
      return (model) => provider.image(model);
    },
    // https://docs.bfl.ai: Kontext and ultra have a ratio, all others have pixels.
    request: (model, order) => ({
      prompt: promptOf(order),
      seed: order.seed,
      ...(/kontext|ultra/.test(model) && { aspectRatio: '1:1' as const }),
      providerOptions: {
        blackForestLabs: {
          outputFormat: 'png',
          ...(!/kontext|ultra/.test(model) && { width: imageSize, height: imageSize }),
        },
      },
    }),
    // A request is answered with an address in the region that took it: api.us1.bfl.ai. Pictures are on other hosts.
    hosts: /^api(\.[a-z0-9]+)?\.bfl\.ai$/,
  },

  fal: {
    async connect(connection) {
      const { createFal } = await import('@ai-sdk/fal');
      const provider = createFal(connection);
      return (model) => provider.image(model);
    },
    request: (model, order) => ({
      prompt: promptOf(order),
      size: square,
      seed: order.seed,
      providerOptions: {
        fal: {
          // Some models have a ratio instead of a size, and ignore the other one.
          aspect_ratio: '1:1',
          ...(order.references.length > 0 && { useMultipleImages: isWithSeveral(model) }),
        },
      },
    }),
    endpoint: falEndpoint,
  },

  replicate: {
    async connect(connection) {
      const { createReplicate } = await import('@ai-sdk/replicate');
      const provider = createReplicate({ ...connection, apiToken: connection.apiKey });
      return (model) => provider.image(model);
    },
    // The package would give FLUX.2 fields that it does not have, and other models one picture at most.
    request: (model, order) => ({
      prompt: order.prompt,
      aspectRatio: '1:1',
      seed: order.seed,
      ...(order.references.length > 0 && { providerOptions: { replicate: replicateReferences(model, order) } }),
    }),
    unfinished: unfinishedPrediction,
  },

  'openai-compatible': {
    async connect(connection) {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const provider = createOpenAICompatible({ name: 'openaiCompatible', ...connection });
      return (model) => provider.imageModel(model);
    },
    request: (_model, order) => ({ prompt: promptOf(order), size: square }),
  },
};

const promptOf = ({ prompt, references }: ImageOrder): Request['prompt'] =>
  references.length === 0 ? prompt : { text: prompt, images: [...references] };

/** https://platform.openai.com/docs/guides/image-generation: the mini ones have it low, gpt-image-2 and later always high. */
const takesInputFidelity = /^gpt-image-1(\.5)?(-\d{4}.*)?$/;

const isWithSeveral = (falModel: string): boolean => !/kontext/.test(falModel) || falModel.includes('multi');

/** fal has one endpoint for a text and another one for pictures: `…/nano-banana` and `…/nano-banana/edit`. */
function falEndpoint(model: string, hasReferences: boolean): string {
  const base = model.replace(/\/(edit|text-to-image)$/, '');
  if (base.includes('kontext')) return hasReferences ? base : `${base.replace(/\/multi$/, '')}/text-to-image`;
  if (hasReferences) return `${base}/edit`;
  return model.endsWith('/text-to-image') ? model : base;
}

/** Which field takes the pictures, by the models' API pages at https://replicate.com/explore; most have a list. */
function replicateReferences(model: string, { references }: ImageOrder): Record<string, string | string[]> {
  const uris = references.map(dataUriOf);
  const [first = ''] = uris;
  if (model.includes('kontext')) return { input_image: first };
  if (/flux-2|gpt-image/.test(model)) return { input_images: uris };
  if (/nano-banana|seedream/.test(model)) return { image_input: uris };
  return { image: model.includes('qwen-image-edit-plus') ? uris : first };
}

const dataUriOf = (bytes: Uint8Array): string =>
  `data:${mimeTypeOf(bytes)};base64,${Buffer.from(bytes).toString('base64')}`;

const mimeTypeOf = ([first]: Uint8Array): string =>
  first === 0x89 ? 'image/png' : first === 0xff ? 'image/jpeg' : 'image/webp';

/** Replicate answers after a minute at the latest, whether there is a picture or not; the package takes that for the end. */
function unfinishedPrediction(body: unknown): string | undefined {
  const status = at(body, 'status');
  const next = at(body, 'urls', 'get');
  return (status === 'starting' || status === 'processing') && typeof next === 'string' ? next : undefined;
}
