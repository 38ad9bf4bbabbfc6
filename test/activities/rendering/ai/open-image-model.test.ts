import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { imageTimeLimitMs, openImageModel } from '../../../../activities/rendering/ai/open-image-model.ts';
import type { ImageModel, ImageOrder } from '../../../../activities/rendering/ai/image-model.ts';
import { RenderError, type RenderFault } from '../../../../activities/rendering/renderer.ts';
import { imageProviders } from '../../../../src/domain/image-providers.ts';
import { drawing } from '../../../../workflows/activity-options.ts';
import { eventually } from '../../../support/eventually.ts';
import { blackForestLabs } from '../../../support/image-providers/black-forest-labs.ts';
import { fal } from '../../../support/image-providers/fal.ts';
import {
  pictureOf,
  startFakeProvider,
  type FakeProvider,
  type Protocol,
  type Refusal,
} from '../../../support/image-providers/fake-provider.ts';
import { google } from '../../../support/image-providers/google.ts';
import { openaiCompatible } from '../../../support/image-providers/openai-compatible.ts';
import { openai } from '../../../support/image-providers/openai.ts';
import { replicate } from '../../../support/image-providers/replicate.ts';

const protocols = [openai, google, blackForestLabs, fal, replicate, openaiCompatible];
const prompt = 'A photograph of a red-haired woman.';
const never = new AbortController().signal;

type Bounds = Parameters<typeof openImageModel>[1];

/** What the SDK would have written to the console. */
const warnings: unknown[] = [];
globalThis.AI_SDK_LOG_WARNINGS = ({ warnings: more }) => warnings.push(...more);

describe('image models', () => {
  let references: Uint8Array[];
  let fake: FakeProvider;
  let asked: string[];

  before(async () => {
    references = await Promise.all([pictureOf('red', 'webp'), pictureOf('blue', 'webp')]);
  });
  afterEach(async () => {
    await fake.close();
    assert.deepEqual(fake.faults, []);
    assert.deepEqual(warnings.splice(0), []);
    const strangers = asked.filter((url) => !fake.hosts.includes(new URL(url).host));
    assert.deepEqual(strangers, [], 'others than the provider were asked');
  });

  const start = async (protocol: Protocol): Promise<void> => {
    asked = [];
    fake = await startFakeProvider(protocol);
  };
  const open = (
    bounds: Bounds = {},
    { model = fake.protocol.model, baseUrl = fake.baseUrl } = {},
  ): Promise<ImageModel> =>
    openImageModel(
      { provider: fake.protocol.provider, model, apiKey: fake.apiKey, baseUrl },
      {
        pollIntervalMs: 1,
        fetch: (input, init) => {
          asked.push(input instanceof Request ? input.url : String(input));
          return fetch(input, init);
        },
        ...bounds,
      },
    );
  const draw = async (order: Partial<ImageOrder> = {}, bounds: Bounds = {}): Promise<Uint8Array> =>
    (await open(bounds)).generate({ prompt, references, seed: 7, ...order }, never);

  /** What a drawing fails with; nothing of the key, of the person or of the pictures may be in it. */
  async function failure(drawing: Promise<unknown>): Promise<RenderError> {
    const error = await drawing.then(
      () => assert.fail('it was drawn'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof RenderError, inspect(error));
    const told = inspect(error, { depth: Infinity, showHidden: true });
    for (const secret of [fake.apiKey, 'red-haired', 'base64', Buffer.from(references[0] ?? []).toString('base64')]) {
      assert.ok(!told.includes(secret), told);
    }
    assert.ok(told.length < 12_000, told);
    return error;
  }

  for (const protocol of protocols) {
    const { provider } = protocol;
    const { keyVariable } = imageProviders[provider];

    describe(provider, () => {
      beforeEach(() => start(protocol));

      it('draws what is asked for, like the pictures that it is given', async () => {
        const model = await open();
        assert.equal(model.name, `${provider}/${protocol.model}`);
        assert.ok(model.maxReferences >= 2);
        const bytes = await model.generate({ prompt, references, seed: 7 }, never);
        assert.deepEqual(Buffer.from(bytes), fake.picture);
        const [order, ...others] = fake.orders;
        assert.deepEqual(others, []);
        assert.equal(order?.prompt, prompt);
        assert.deepEqual(order.references, references);
        assert.match(order.size, /^(1024x1024|1:1)$/);
        assert.equal(order.seed, provider.startsWith('openai') ? undefined : 7);
      });

      it('draws from a text alone', async () => {
        const bytes = await draw({ references: [] });
        assert.deepEqual(Buffer.from(bytes), fake.picture);
        assert.deepEqual([fake.orders[0]?.prompt, fake.orders[0]?.references], [prompt, []]);
      });

      it('is given as many pictures as it takes, and no more', async () => {
        const { maxReferences } = await open();
        const many = await Promise.all(
          Array.from({ length: 20 }, (_, index) => pictureOf(`hsl(${String(index)}, 50%, 50%)`)),
        );
        await draw({ references: many });
        assert.deepEqual(fake.orders[0]?.references, many.slice(0, maxReferences));
      });

      const troubles: Record<Refusal, [RenderFault, RegExp]> = {
        busy: ['busy', /is busy \(429/],
        away: [provider === 'fal' ? 'unanswered' : 'unavailable', /is not available \(50[34]/],
        badKey: ['misconfigured', new RegExp(`refused the key .*: check ${keyVariable}`)],
        unpaid: ['misconfigured', new RegExp(`wants to be paid .*credit of the account of ${keyVariable}`)],
        unknownModel: ['misconfigured', /does not know the model \(404.*check AI_IMAGE_MODEL/],
        badRequest: ['misconfigured', /does not take what we ask \(4/],
        refusedInput: ['rejected', /will not draw this/],
        refusedOutput: ['rejected', /will not draw this/],
      };
      for (const [refusal, [fault, message]] of Object.entries(troubles)) {
        it(`is ${fault} when it answers as for "${refusal}"`, async () => {
          fake.refuse(refusal as Refusal);
          const error = await failure(draw());
          assert.equal(error.fault, fault);
          assert.match(error.message, message);
          assert.ok(error.message.startsWith(`${provider} `));
          assert.equal(fake.orders.length, 1, 'it is not tried again here');
        });
      }

      it('tells when it may be asked again', async () => {
        for (const [headers, least, most] of [
          [{ 'Retry-After': '12' }, 12_000, 12_000],
          [{ 'Retry-After': new Date(Date.now() + 60_000).toUTCString() }, 50_000, 60_000],
          [{ 'Retry-After': '12', 'Retry-After-Ms': '250' }, 250, 250],
        ] as const) {
          fake.refuse('busy', headers);
          const { fault, retryAfterMs } = await failure(draw());
          assert.equal(fault, 'busy');
          assert.ok(retryAfterMs !== null && retryAfterMs >= least && retryAfterMs <= most, String(retryAfterMs));
        }
        fake.refuse('away', { 'Retry-After': '3' });
        assert.equal((await failure(draw())).retryAfterMs, 3_000);
      });

      for (const status of [408, 500, 502, 503, 529]) {
        it(`is unavailable when it answers ${String(status)} with a page`, async () => {
          fake.say('order', { status, bytes: Buffer.from('<html>oops</html>'), type: 'text/html' });
          assert.equal((await failure(draw())).fault, 'unavailable');
        });
      }

      it('is misconfigured when it redirects, and nobody else is given the key', async () => {
        fake.say('order', { status: 307, headers: { Location: 'https://elsewhere.invalid/' }, json: {} });
        const error = await failure(draw());
        assert.equal(error.fault, 'misconfigured');
        assert.match(error.message, /redirect \(307\): check AI_BASE_URL/);
      });

      it('is unusable when it answers with a page, without a picture, or with what is none', async () => {
        fake.say('order', { bytes: Buffer.from('<html>Welcome</html>'), type: 'text/html' });
        assert.equal((await failure(draw())).fault, 'unusable');
        fake.say('order', { json: { hello: 'world' } });
        assert.equal((await failure(draw())).fault, 'unusable');
        fake.say('order', { json: null });
        assert.equal((await failure(draw())).fault, 'unusable');
      });

      it('is unusable when it has no picture to give', async () => {
        fake.say(protocol.empty.stage ?? 'order', protocol.empty.reply);
        assert.equal((await failure(draw())).fault, 'unusable');
      });

      it('is cut off when it gives more than may be held', async () => {
        fake.say('order', 'flood');
        const { fault, message } = await failure(draw({}, { maxBytes: 1024 * 1024 }));
        assert.equal(fault, 'unusable');
        assert.match(message, /more than 1048576 bytes/);
        // What is under way in the buffers of two sockets comes on top.
        assert.ok(fake.bytesSent < 16 * 1024 * 1024, String(fake.bytesSent));
      });

      it('may have drawn when the connection breaks, and has not when there is none', async () => {
        fake.say('order', 'reset');
        const broken = await failure(draw());
        assert.deepEqual([broken.fault, broken.message.startsWith(`${provider} broke off (`)], ['unanswered', true]);
        const model = await open();
        const closed = fake;
        await closed.close();
        fake = await startFakeProvider(protocol); // for the checks that follow each test
        const absent = await failure(model.generate({ prompt, references, seed: 7 }, never));
        assert.equal(absent.fault, 'unavailable');
        assert.match(absent.message, /cannot be reached \(ECONNREFUSED\)/);
        asked = [];
      });

      it('is left when the drawing is cancelled', async () => {
        fake.say('order', 'silence');
        const model = await open();
        const cancelling = new AbortController();
        const drawing = model.generate({ prompt, references, seed: 7 }, cancelling.signal);
        await eventually('the order', () => fake.orders[0]);
        const reason = new Error('cancelled');
        cancelling.abort(reason);
        await assert.rejects(drawing, (error) => error === reason);
      });

      it('is not asked when the drawing is cancelled before', async () => {
        const model = await open();
        const reason = new Error('cancelled');
        const drawing = model.generate({ prompt, references, seed: 7 }, AbortSignal.abort(reason));
        await assert.rejects(drawing, (error) => error === reason);
        assert.deepEqual(fake.exchanges, []);
      });

      it('may have drawn when it takes too long, or a gateway does not wait', async () => {
        fake.say('order', 'silence');
        const { fault, message } = await failure(draw({}, { timeLimitMs: 20 }));
        assert.deepEqual([fault, message], ['unanswered', `${provider} gave no picture in 20 ms`]);
        fake.say('order', { status: 504, bytes: Buffer.from('<html>late</html>'), type: 'text/html' });
        assert.equal((await failure(draw())).fault, 'unanswered');
      });
    });
  }

  describe('that give the picture as base64', () => {
    for (const protocol of [openai, google, openaiCompatible]) {
      it(`are unusable when it is none: ${protocol.provider}`, async () => {
        await start(protocol);
        fake.say('order', protocol.notAPicture.reply);
        assert.equal((await failure(draw())).fault, 'unusable');
      });
    }
  });

  describe('that give the address of a picture', () => {
    for (const protocol of [blackForestLabs, fal, replicate]) {
      describe(protocol.provider, () => {
        beforeEach(() => start(protocol));

        it('gives the bytes as they came, without having shown its host the key', async () => {
          fake.say('picture', protocol.notAPicture.reply);
          assert.equal(Buffer.from(await draw()).toString(), '<html>gone</html>');
          assert.equal(fake.exchanges.at(-1)?.stage, 'picture');
        });

        it('is unusable when the picture is gone, or is elsewhere', async () => {
          for (const status of [302, 401, 403, 404]) {
            fake.say('picture', { status, headers: { Location: 'https://elsewhere.invalid/' }, json: {} });
            assert.equal((await failure(draw())).fault, 'unusable');
          }
        });

        it('is not asked to draw again when the host of the pictures is away for a moment', async () => {
          fake.say('picture', { status: 503, json: {} });
          const bytes = await draw(
            {},
            {
              fetch: (input, init) => {
                if (fake.exchanges.some(({ stage }) => stage === 'picture')) fake.recover();
                return fetch(input, init);
              },
            },
          );
          assert.deepEqual(Buffer.from(bytes), fake.picture);
          assert.equal(fake.orders.length, 1);
        });

        it('has drawn when the host of the pictures is away', async () => {
          fake.say('picture', { status: 503, headers: { 'Retry-After': '2' }, json: {} });
          const { fault, retryAfterMs } = await failure(draw());
          assert.deepEqual([fault, retryAfterMs], ['unanswered', 2_000]);
        });

        it('is cut off when the picture is larger than may be held', async () => {
          fake.say('picture', 'flood');
          assert.equal((await failure(draw({}, { maxBytes: 1024 * 1024 }))).fault, 'unusable');
          assert.ok(fake.bytesSent < 16 * 1024 * 1024, String(fake.bytesSent));
        });
      });
    }

    it('fetches none but over HTTPS when the provider is asked over it', async () => {
      await start(fal);
      const image = { url: 'http://169.254.169.254/latest/meta-data' };
      const model = await open(
        { fetch: () => Promise.resolve(Response.json({ images: [image] })) },
        { baseUrl: 'https://fal.run' },
      );
      const { fault, message } = await failure(model.generate({ prompt, references, seed: 7 }, never));
      assert.deepEqual([fault, message], ['unusable', 'fal names an address that is not one of HTTPS']);
    });
  });

  describe('that are asked again and again', () => {
    for (const [protocol, notYet] of [
      [blackForestLabs, { status: 'Pending' }],
      [replicate, { status: 'processing', output: null }],
    ] as const) {
      describe(protocol.provider, () => {
        beforeEach(() => start(protocol));
        const polls = () => fake.exchanges.filter(({ stage }) => stage === 'poll').length;
        const sayNotYet = () => {
          const urls = { get: `${fake.baseUrl}/predictions/gm3qorzdhgbfurvjtvhg6dckhu` };
          fake.say('poll', { json: { id: '1', urls, ...notYet } });
        };

        it('is left when the drawing is cancelled', async () => {
          sayNotYet();
          const model = await open();
          const cancelling = new AbortController();
          const drawing = model.generate({ prompt, references, seed: 7 }, cancelling.signal);
          await eventually('some polls', () => (polls() > 2 ? true : undefined));
          const reason = new Error('cancelled');
          cancelling.abort(reason);
          await assert.rejects(drawing, (error) => error === reason);
        });

        it('may have drawn when it takes too long', async () => {
          sayNotYet();
          assert.match((await failure(draw({}, { timeLimitMs: 100 }))).message, /gave no picture in 100 ms/);
        });

        it('may draw while it does not take more questions', async () => {
          fake.say('poll', { status: 429, json: { detail: 'Too many requests' } });
          assert.equal((await failure(draw())).fault, 'unanswered');
        });
      });
    }

    for (const [answered, isShownKey] of [
      ['https://api.us1.bfl.ai', true],
      ['https://delivery.us1.bfl.ai', false],
      ['https://api.bfl.ai.elsewhere.invalid', false],
    ] as const) {
      it(`shows Black Forest Labs' key ${isShownKey ? 'also' : 'not'} to ${answered}`, async () => {
        await start(blackForestLabs);
        const keys = new Map<string, string | null>();
        const model = await open(
          {
            fetch: (input, init) => {
              const url = new URL(input instanceof Request ? input.url : input);
              keys.set(url.origin, new Headers(init?.headers).get('x-key'));
              return Promise.resolve(
                url.pathname.endsWith('/flux-2-pro')
                  ? Response.json({ id: '1', polling_url: `${answered}/v1/get_result?id=1` })
                  : url.pathname.endsWith('/get_result')
                    ? Response.json({ id: '1', status: 'Ready', result: { sample: 'https://pictures.invalid/1.png' } })
                    : new Response(new Uint8Array(fake.picture)),
              );
            },
          },
          { baseUrl: 'https://api.bfl.ai/v1' },
        );
        await model.generate({ prompt, references, seed: 7 }, never);
        assert.deepEqual(Object.fromEntries(keys), {
          'https://api.bfl.ai': fake.apiKey,
          [answered]: isShownKey ? fake.apiKey : null,
          'https://pictures.invalid': null,
        });
      });
    }
  });

  describe('of one provider, by their names', () => {
    it('have the high fidelity of OpenAI where it is theirs to choose', async () => {
      const fields: Record<string, boolean> = {};
      for (const model of ['gpt-image-1', 'gpt-image-1.5', 'gpt-image-1-mini', 'gpt-image-2']) {
        await start({
          ...openai,
          model,
          readOrder: (exchange) => {
            fields[model] = exchange.body.includes('input_fidelity');
            return { model, prompt, references: [], seed: undefined, size: '' };
          },
        });
        await draw();
        if (model !== 'gpt-image-2') await fake.close();
      }
      assert.deepEqual(fields, {
        'gpt-image-1': true,
        'gpt-image-1.5': true,
        'gpt-image-1-mini': false,
        'gpt-image-2': false,
      });
    });

    for (const [model, withText, withPictures] of [
      ['fal-ai/nano-banana', 'fal-ai/nano-banana', 'fal-ai/nano-banana/edit'],
      ['fal-ai/flux-2/edit', 'fal-ai/flux-2', 'fal-ai/flux-2/edit'],
      ['fal-ai/flux-pro/kontext', 'fal-ai/flux-pro/kontext/text-to-image', 'fal-ai/flux-pro/kontext'],
      [
        'fal-ai/flux-pro/kontext/max/multi',
        'fal-ai/flux-pro/kontext/max/text-to-image',
        'fal-ai/flux-pro/kontext/max/multi',
      ],
      [
        'fal-ai/bytedance/seedream/v4/text-to-image',
        'fal-ai/bytedance/seedream/v4/text-to-image',
        'fal-ai/bytedance/seedream/v4/edit',
      ],
    ] as const) {
      it(`are asked at fal where they are: ${model}`, async () => {
        const paths: string[] = [];
        await start({
          ...fal,
          model,
          readOrder: ({ path }) => {
            paths.push(path.replace('/run/', ''));
            return { model, prompt, references: [], seed: undefined, size: '' };
          },
        });
        await draw({ references: [] });
        await draw();
        assert.deepEqual(paths, [withText, withPictures]);
      });
    }

    for (const [model, field, isList] of [
      ['google/nano-banana', 'image_input', true],
      ['bytedance/seedream-4', 'image_input', true],
      ['black-forest-labs/flux-2-pro', 'input_images', true],
      ['black-forest-labs/flux-kontext-pro', 'input_image', false],
      ['qwen/qwen-image-edit', 'image', false],
      ['qwen/qwen-image-edit-plus', 'image', true],
    ] as const) {
      it(`are given pictures by Replicate as they take them: ${model}`, async () => {
        let input: Record<string, unknown> = {};
        await start({
          ...replicate,
          model,
          readOrder: ({ body }) => {
            ({ input } = JSON.parse(body.toString()) as { input: Record<string, unknown> });
            return { model, prompt, references: [], seed: undefined, size: '' };
          },
        });
        await draw();
        const { prompt: _, seed: __, aspect_ratio: ___, num_outputs: ____, ...pictures } = input;
        assert.deepEqual(Object.keys(pictures), [field]);
        assert.equal(Array.isArray(pictures[field]), isList);
      });
    }
  });

  describe('that cannot be opened', () => {
    beforeEach(() => start(openaiCompatible));

    it('have no key, or no address', async () => {
      const opening = openImageModel({ provider: 'fal', model: 'fal-ai/nano-banana', apiKey: null, baseUrl: null });
      assert.equal((await failure(opening)).message, 'fal has no key: set FAL_API_KEY');
      const nowhere = openImageModel({ provider: 'openai-compatible', model: 'x', apiKey: null, baseUrl: null });
      assert.equal((await failure(nowhere)).message, 'openai-compatible has no address: set AI_BASE_URL');
    });
  });

  for (const [protocol, waitMs] of [
    [google, 34_074],
    [replicate, 30_000],
  ] as const) {
    it(`are left alone for as long as the answer itself says: ${protocol.provider}`, async () => {
      await start(protocol);
      fake.refuse('busy');
      assert.equal((await failure(draw())).retryAfterMs, waitMs);
    });
  }

  it('have less time for a picture than the activity that draws it', async () => {
    await start(openai);
    assert.ok(imageTimeLimitMs + 60_000 <= msToNumber(drawing.ai.startToCloseTimeout));
  });
});
