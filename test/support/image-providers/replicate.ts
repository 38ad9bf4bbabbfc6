import assert from 'node:assert/strict';
import { bytesOfDataUri, jsonOf, only, type Protocol, type Reply } from './fake-provider.ts';

const id = 'gm3qorzdhgbfurvjtvhg6dckhu';

interface Ended {
  output?: unknown;
  error?: string;
}

/** A prediction as https://replicate.com/docs/reference/http has it. */
const prediction = (status: string, apiUrl: string, { output = null, error }: Ended = {}): Reply => ({
  status: status === 'starting' ? 201 : 200,
  json: {
    id,
    model: 'google/nano-banana',
    status,
    output,
    error: error ?? null,
    logs: '',
    urls: { get: `${apiUrl}/predictions/${id}`, cancel: `${apiUrl}/predictions/${id}/cancel` },
  },
});

const refusal = (status: number, title: string, detail: string, more: Record<string, unknown> = {}) => ({
  reply: { status, json: { title, detail, status, ...more } },
});

const failed = (error: string) => ({ stage: 'poll' as const, reply: prediction('failed', '', { error }) });

/** https://replicate.com/docs/reference/http, https://replicate.com/google/nano-banana/api */
export const replicate: Protocol = {
  provider: 'replicate',
  model: 'google/nano-banana',
  basePath: '/v1',
  format: 'webp',
  keyHeader: (key) => ['authorization', `Bearer ${key}`],
  async readOrder(exchange) {
    const [, model = assert.fail(exchange.path)] =
      /^\/v1\/models\/([\w.-]+\/[\w.-]+)\/predictions$/.exec(exchange.path) ?? [];
    assert.equal(exchange.headers['prefer'], 'wait');
    const { input, ...rest } = jsonOf(exchange) as { input: Record<string, unknown> };
    only(rest);
    only(input, 'prompt', 'aspect_ratio', 'seed', 'num_outputs', 'image_input');
    assert.equal(input['num_outputs'], 1);
    const uris = (input['image_input'] ?? []) as string[];
    return {
      model,
      prompt: String(input['prompt']),
      references: await Promise.all(uris.map(bytesOfDataUri)),
      seed: Number(input['seed']),
      size: String(input['aspect_ratio']),
    };
  },
  // Its minute is over before there is a picture.
  answer({ stage, path }, { apiUrl, filesUrl }) {
    if (stage === 'order') return prediction('starting', apiUrl);
    assert.equal(path, `/v1/predictions/${id}`);
    return prediction('succeeded', apiUrl, { output: `${filesUrl}/out-0.webp` });
  },
  refusals: {
    busy: refusal(429, 'Too Many Requests', 'Request was throttled. Your rate limit resets in ~30s.', {
      retry_after: 30,
    }),
    away: refusal(503, 'Service Unavailable', 'Service is not available.'),
    badKey: refusal(401, 'Unauthenticated', 'You did not pass a valid authentication token'),
    unpaid: refusal(402, 'Insufficient credit', 'You have insufficient credit to run this model.'),
    unknownModel: refusal(404, 'Not found', 'The requested resource could not be found.'),
    badRequest: refusal(422, 'Input validation failed', '- input.prompt: a red-haired woman'),
    refusedInput: failed(
      'The input or output was flagged as sensitive. Please try again with different inputs. (E005)',
    ),
    refusedOutput: failed('NSFW content detected. Try running it again, or try a different prompt.'),
  },
  empty: { stage: 'poll', reply: prediction('succeeded', '') },
  notAPicture: { stage: 'picture', reply: { bytes: Buffer.from('<html>gone</html>'), type: 'image/webp' } },
};
