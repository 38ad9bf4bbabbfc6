import assert from 'node:assert/strict';
import { checkedPicture, formOf, jsonOf, only, type Exchange, type Order, type Protocol } from './fake-provider.ts';

const refusal = (status: number, type: string, code: string | null, message: string) => ({
  reply: { status, headers: { 'x-request-id': 'req_123' }, json: { error: { message, type, param: null, code } } },
});

/** https://platform.openai.com/docs/api-reference/images, /docs/guides/error-codes */
export const openai: Protocol = {
  provider: 'openai',
  model: 'gpt-image-1',
  basePath: '/v1',
  format: 'png',
  keyHeader: (key) => ['authorization', `Bearer ${key}`],
  readOrder: (exchange) => readImagesOrder(exchange, ['input_fidelity']),
  answer: (_exchange, { picture }) => ({
    json: { created: 1_700_000_000, data: [{ b64_json: picture.toString('base64') }], usage: { total_tokens: 100 } },
  }),
  refusals: {
    busy: refusal(429, 'requests', 'rate_limit_exceeded', 'Rate limit reached for gpt-image-1.'),
    away: refusal(503, 'server_error', null, 'The engine is currently overloaded.'),
    badKey: refusal(
      401,
      'invalid_request_error',
      'invalid_api_key',
      'Incorrect API key provided: sk-secret-0123456789.',
    ),
    unpaid: refusal(429, 'insufficient_quota', 'insufficient_quota', 'You exceeded your current quota.'),
    unknownModel: refusal(404, 'invalid_request_error', 'model_not_found', 'The model does not exist.'),
    badRequest: refusal(400, 'invalid_request_error', 'invalid_value', "Invalid value: 'a red-haired woman'."),
    refusedInput: refusal(400, 'image_generation_user_error', 'moderation_blocked', 'Your request was rejected.'),
    refusedOutput: refusal(400, 'invalid_request_error', 'content_policy_violation', 'Your request was rejected.'),
  },
  empty: { reply: { json: { created: 1_700_000_000, data: [] } } },
  notAPicture: { reply: { json: { created: 1_700_000_000, data: [{ b64_json: '%%% not base64 %%%' }] } } },
};

/** Reads an order for OpenAI's two endpoints, of which the one with pictures takes a form. */
export async function readImagesOrder(exchange: Exchange, more: readonly string[]): Promise<Order> {
  const hasPictures = exchange.path.endsWith('/images/edits');
  assert.ok(hasPictures || exchange.path.endsWith('/images/generations'), exchange.path);
  if (!hasPictures) {
    const body = jsonOf(exchange);
    only(body, 'model', 'prompt', 'n', 'size', ...(exchange.path.startsWith('/v1') ? [] : ['response_format']));
    return orderOf((field) => body[field], []);
  }
  const form = await formOf(exchange);
  only(Object.fromEntries(form.entries()), 'model', 'prompt', 'image', 'image[]', 'n', 'size', ...more);
  for (const field of more) assert.equal(form.get(field), 'high');
  const files = [...form.getAll('image[]'), ...form.getAll('image')];
  const references = await Promise.all(
    files.map(async (file) => {
      assert.ok(file instanceof Blob);
      return checkedPicture(Buffer.from(await file.arrayBuffer()), file.type.replace('image/', ''));
    }),
  );
  return orderOf((field) => form.get(field), references);
}

function orderOf(field: (name: string) => unknown, references: Buffer[]): Order {
  assert.equal(Number(field('n')), 1);
  return {
    model: String(field('model')),
    prompt: String(field('prompt')),
    size: String(field('size')),
    seed: undefined,
    references,
  };
}
