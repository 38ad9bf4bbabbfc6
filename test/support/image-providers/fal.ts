import assert from 'node:assert/strict';
import { bytesOfDataUri, jsonOf, only, type Protocol } from './fake-provider.ts';

interface Body extends Record<string, unknown> {
  image_size: { width: number; height: number };
  image_urls?: string[];
}

const problem = (status: number, type: string, msg: string) => ({
  reply: {
    status,
    headers: { 'X-Fal-Retryable': 'false' },
    json: { detail: [{ loc: ['body', 'prompt'], msg, type, url: `https://docs.fal.ai/errors#${type}`, input: msg }] },
  },
});

const refusal = (status: number, detail: string) => ({ reply: { status, json: { detail } } });

/** https://fal.ai/docs/documentation/model-apis/errors, https://fal.ai/models/fal-ai/nano-banana/edit/api */
export const fal: Protocol = {
  provider: 'fal',
  model: 'fal-ai/nano-banana',
  basePath: '/run',
  format: 'png',
  keyHeader: (key) => ['authorization', `Key ${key}`],
  async readOrder(exchange) {
    const body = jsonOf(exchange) as Body;
    const model = exchange.path.replace('/run/', '');
    only(body, 'prompt', 'seed', 'image_size', 'num_images', 'aspect_ratio', 'image_urls');
    assert.deepEqual([body['num_images'], body['aspect_ratio']], [1, '1:1']);
    assert.equal(model.endsWith('/edit'), body.image_urls !== undefined, 'pictures are for editing');
    return {
      model,
      prompt: String(body['prompt']),
      references: await Promise.all((body.image_urls ?? []).map(bytesOfDataUri)),
      seed: Number(body['seed']),
      size: `${String(body.image_size.width)}x${String(body.image_size.height)}`,
    };
  },
  answer: (_exchange, { filesUrl }) => ({
    json: {
      images: [{ url: `${filesUrl}/a.png`, content_type: 'image/png', width: 1024, height: 1024 }],
      seed: 7,
      has_nsfw_concepts: [false],
    },
  }),
  refusals: {
    busy: refusal(429, 'Too Many Requests'),
    away: problem(504, 'generation_timeout', 'The generation timed out.'),
    badKey: refusal(401, 'Cannot access application. Authentication is required to access this application.'),
    unpaid: refusal(402, 'Payment Required'),
    unknownModel: refusal(404, 'Application not found'),
    badRequest: problem(422, 'string_too_long', 'a red-haired woman'),
    refusedInput: problem(422, 'content_policy_violation', 'The content was flagged by a content checker.'),
    refusedOutput: {
      reply: { json: { images: [{ url: 'https://files.invalid/black.png' }], has_nsfw_concepts: [true] } },
    },
  },
  empty: { reply: { json: { images: [], seed: 7 } } },
  notAPicture: { stage: 'picture', reply: { bytes: Buffer.from('<html>gone</html>'), type: 'image/png' } },
};
