import assert from 'node:assert/strict';
import { checkedPicture, jsonOf, only, type Protocol } from './fake-provider.ts';

interface Part {
  text?: string;
  inlineData?: { mimeType: string; data: string };
}

interface Body extends Record<string, unknown> {
  contents: [{ role: string; parts: Part[] }];
  generationConfig: { responseModalities: string[]; imageConfig: { aspectRatio: string }; seed: number };
}

const refusal = (code: number, status: string, message: string, details: unknown[] = []) => ({
  reply: { status: code, json: { error: { code, message, status, details } } },
});

const candidate = (finishReason: string, parts: unknown[] = []) => ({
  json: { candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }], modelVersion: 'gemini' },
});

const inline = (data: string) => ({ inlineData: { mimeType: 'image/png', data } });

/** https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/troubleshooting */
export const google: Protocol = {
  provider: 'google',
  model: 'gemini-2.5-flash-image',
  basePath: '/v1beta',
  format: 'png',
  keyHeader: (key) => ['x-goog-api-key', key],
  async readOrder(exchange) {
    const [, model = assert.fail(exchange.path)] =
      /^\/v1beta\/models\/([\w.-]+):generateContent$/.exec(exchange.path) ?? [];
    const body = jsonOf(exchange) as Body;
    only(body, 'contents', 'generationConfig');
    const [{ role, parts }] = body.contents;
    const { generationConfig } = body;
    assert.deepEqual([role, body.contents.length, generationConfig.responseModalities], ['user', 1, ['IMAGE']]);
    only(generationConfig, 'responseModalities', 'imageConfig', 'seed');
    const [first, ...others] = parts;
    const references = others.map(({ inlineData }) => {
      assert.ok(inlineData, 'the pictures come after the text');
      return checkedPicture(Buffer.from(inlineData.data, 'base64'), inlineData.mimeType.replace('image/', ''));
    });
    return {
      model,
      prompt: first?.text ?? assert.fail('no text'),
      references: await Promise.all(references),
      seed: generationConfig.seed,
      size: generationConfig.imageConfig.aspectRatio,
    };
  },
  answer: (_exchange, { picture }) => candidate('STOP', [inline(picture.toString('base64'))]),
  refusals: {
    busy: refusal(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.074s' },
    ]),
    away: refusal(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
    badKey: refusal(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
    ]),
    unpaid: refusal(402, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.'),
    unknownModel: refusal(404, 'NOT_FOUND', 'models/nano is not found for API version v1beta.'),
    badRequest: refusal(400, 'INVALID_ARGUMENT', 'Invalid value at contents: a red-haired woman.'),
    refusedInput: {
      reply: { json: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, modelVersion: 'gemini' } },
    },
    refusedOutput: { reply: candidate('IMAGE_SAFETY') },
  },
  empty: { reply: candidate('NO_IMAGE') },
  notAPicture: { reply: candidate('STOP', [inline('%%% not base64 %%%')]) },
};
