import type { Protocol } from './fake-provider.ts';
import { openai, readImagesOrder } from './openai.ts';

/** As LocalAI, vLLM-Omni and others have it: OpenAI's endpoints, at a path of their own. */
export const openaiCompatible: Protocol = {
  ...openai,
  provider: 'openai-compatible',
  model: 'qwen-image-edit-2509',
  basePath: '/inference/v1',
  format: 'webp',
  readOrder: (exchange) => readImagesOrder(exchange, []),
  answer: (_exchange, { picture }) => ({ json: { created: 1, data: [{ b64_json: picture.toString('base64') }] } }),
};
