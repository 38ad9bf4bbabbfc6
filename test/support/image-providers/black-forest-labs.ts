import assert from 'node:assert/strict';
import { checkedPicture, jsonOf, only, type Protocol, type Reply } from './fake-provider.ts';

const id = '9f4c8a52-3f1c-4f3e-9c7b-1d2e3f4a5b6c';

const result = (status: string, sample?: string): Reply => ({
  json: { id, status, result: sample === undefined ? null : { sample, seed: 7 }, progress: null, details: null },
});

const refusal = (status: number, detail: unknown) => ({ reply: { status, json: { detail } } });

/** https://docs.bfl.ai/quick_start/generating_images, https://docs.bfl.ai/api_integration/errors */
export const blackForestLabs: Protocol = {
  provider: 'black-forest-labs',
  model: 'flux-2-pro',
  basePath: '/v1',
  format: 'jpeg',
  keyHeader: (key) => ['x-key', key],
  async readOrder(exchange) {
    const body = jsonOf(exchange);
    const fields = Array.from({ length: 8 }, (_, index) => `input_image${index === 0 ? '' : `_${String(index + 1)}`}`);
    only(body, 'prompt', 'seed', 'width', 'height', 'output_format', ...fields);
    const given = fields.filter((field) => body[field] !== undefined);
    assert.deepEqual(given, fields.slice(0, given.length), 'the pictures have a gap');
    assert.equal(body['output_format'], 'png');
    return {
      model: exchange.path.replace('/v1/', ''),
      prompt: String(body['prompt']),
      references: await Promise.all(given.map((field) => checkedPicture(Buffer.from(String(body[field]), 'base64')))),
      seed: Number(body['seed']),
      size: `${String(body['width'])}x${String(body['height'])}`,
    };
  },
  answer({ stage, path }, { apiUrl, filesUrl }) {
    if (stage === 'order') return { json: { id, polling_url: `${apiUrl}/get_result?id=${id}`, cost: 4.5 } };
    assert.equal(path, `/v1/get_result?id=${id}`);
    return result('Ready', `${filesUrl}/sample.jpeg?sig=signed`);
  },
  refusals: {
    busy: refusal(429, 'Too many requests'),
    away: refusal(503, 'Service unavailable'),
    badKey: refusal(403, 'Not authenticated - Invalid Authentication'),
    unpaid: refusal(402, 'Insufficient credits'),
    unknownModel: refusal(404, 'Not Found'),
    badRequest: refusal(422, [
      { type: 'value_error', loc: ['body', 'prompt'], msg: 'a red-haired woman is not valid' },
    ]),
    refusedInput: { stage: 'poll', reply: result('Request Moderated') },
    refusedOutput: { stage: 'poll', reply: result('Content Moderated') },
  },
  empty: { stage: 'poll', reply: result('Ready') },
  notAPicture: { stage: 'picture', reply: { bytes: Buffer.from('<html>gone</html>'), type: 'image/jpeg' } },
};
