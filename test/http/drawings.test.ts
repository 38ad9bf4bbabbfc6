import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { request } from 'undici';
import { v7 as newId } from 'uuid';
import type { Activities } from '../../activities/index.ts';
import { shots, type RendererName, type Shot } from '../../src/domain/shots.ts';
import { drawerTokens } from '../../src/http/drawer-tokens.ts';
import { drawingRoutes } from '../../src/http/drawings.ts';
import { createPictures } from '../../src/pictures/pictures.ts';
import { signedUrls } from '../../src/storage/signed-urls.ts';
import { drawingFolder, drawingKey, thumbnailKeyOf } from '../../src/storage/storage.ts';
import { activitiesWith, attemptOf, beginDrawing } from '../support/activities.ts';
import { silent, startTestApi, testDrawerKey, testSigningKey, type TestApi } from '../support/api.ts';
import { serveApp } from '../support/app.ts';
import { drawerToken, drawingUrl, type NamedDrawing, type Order } from '../support/drawer.ts';
import { acceptJob, createHome, retryJob, storedOf, type TestJob } from '../support/jobs.ts';
import { until } from '../support/eventually.ts';
import { recordingLog } from '../support/log.ts';
import { plainPicture } from '../support/plain-renderer.ts';
import { layLine } from '../support/severable-line.ts';
import { keysBelow } from '../support/stored-keys.ts';

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test reads of a reply is checked by its assertions
  body: any;
}

const earlierKey = { id: 'earlier', secret: 'a secret that drawers had before, long enough' };

describe('/internal/drawings/:jobId/:attempt/:shot', () => {
  const { log, lines, text: logged } = recordingLog();
  let api: TestApi;
  let run: Activities;
  let picture: Uint8Array;

  before(async () => {
    api = await startTestApi({ drawerKeys: [testDrawerKey, earlierKey], log });
    run = activitiesWith({
      ...{ database: api.database, storage: api.storage, renderers: {}, newId, log: silent },
      paidImages: { perJob: 0, perDay: 0 },
    });
    picture = await plainPicture('#123456');
  });
  after(() => api.close());

  /** A job whose shots are being drawn. */
  async function begin(wishes: Parameters<typeof acceptJob>[1] = {}): Promise<TestJob> {
    const job = await acceptJob(api.database, { renderer: 'studio', ...wishes });
    await beginDrawing(run, job);
    return job;
  }
  const drawingOf = (job: TestJob, shot: Shot = 'portrait'): NamedDrawing => ({ ...attemptOf(job), shot });

  const answerOf = async (url: string, options: Parameters<typeof request>[1]): Promise<Answer> => {
    const { statusCode: status, headers, body } = await request(url, options);
    const text = await body.text();
    return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  const ask = (drawing: NamedDrawing, token: string | null = drawerToken(testDrawerKey, drawing)) =>
    answerOf(drawingUrl(api.url, drawing), { headers: token === null ? {} : { Authorization: `Bearer ${token}` } });
  const orderOf = async (drawing: NamedDrawing): Promise<Order> => {
    const { status, body } = await ask(drawing);
    assert.equal(status, 200, JSON.stringify(body));
    return body as Order;
  };
  const put = (url: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
    answerOf(url, { method: 'PUT', body, headers: { 'Content-Type': 'image/webp', ...headers } });
  const uploadUrl = (drawing: NamedDrawing, token = drawerToken(testDrawerKey, drawing, { allowed: 'upload' })) =>
    `${drawingUrl(api.url, drawing)}?token=${token}`;
  const keysOf = ({ organizationId, jobId }: TestJob) =>
    keysBelow(api.storage, drawingFolder({ organizationId, jobId }));
  const assertRefused = ({ status, body }: Answer, expected: number, code: string) => {
    assert.deepEqual([status, body.error.code], [expected, code], JSON.stringify(body));
  };
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

  it('tells what is to be drawn, and where the picture goes', async () => {
    const job = await begin({ identity: { hairColor: 'copper' } });
    const { headers, body } = await ask(drawingOf(job, 'profile'));
    const { upload, seed, ...told } = body as Order;
    assert.deepEqual(told, {
      ...{ identity: { hairColor: 'copper' }, shot: 'profile', renderer: 'studio' },
      ...{ width: 1024, height: 1024, mimeType: 'image/webp', references: [] },
    });
    assert.match(seed, /^[0-9a-f-]{36}$/);
    assert.equal(upload.method, 'PUT');
    assert.ok(upload.url.startsWith(`${drawingUrl(api.url, drawingOf(job, 'profile'))}?token=`), upload.url);
    assert.equal(headers['cache-control'], 'no-store');
  });

  it('begins the drawing when it is asked, as a worker of our own does', async () => {
    const job = await begin();
    await orderOf(drawingOf(job));
    const row = await api
      .database('job_shots')
      .where({ job_id: job.jobId, shot: 'portrait' })
      .first<{ started_at: unknown }>();
    assert.ok(row.started_at instanceof Date);
  });

  it('shows pictures of the person, by URLs that open', async () => {
    const home = await createHome(api.database);
    const source = await begin({ home, shots: ['portrait'] });
    const { upload, seed } = await orderOf(drawingOf(source));
    const { sha256 } = (await put(upload.url, picture)).body as { sha256: string };
    const provenance = { renderer: 'studio', version: 'tests', seed } as never;
    await run.recordShot({ ...attemptOf(source), shot: 'portrait', drawn: { sha256, provenance } });
    await run.publishInfluencer(attemptOf(source));

    const clone = await begin({ home, sourceId: source.influencerId });
    const order = await orderOf(drawingOf(clone));
    assert.equal(order.seed, seed, 'a clone has its source’s seed');
    const [reference = assert.fail('it is shown none'), ...others] = order.references;
    assert.deepEqual(others, []);
    const { statusCode, body } = await request(reference.url);
    assert.equal(statusCode, 200);
    assert.deepEqual(Buffer.from(await body.arrayBuffer()), Buffer.from(picture));
  });

  it('stores a picture under its hash with a thumbnail, and once however often it comes', async () => {
    const job = await begin();
    const before = await storedOf(api.database, job);
    const { upload } = await orderOf(drawingOf(job));
    const sha256 = createHash('sha256').update(picture).digest('hex');
    for (const _ of [1, 2]) {
      const { status, body } = await put(upload.url, picture);
      assert.deepEqual([status, body], [201, { sha256, sizeBytes: picture.length }]);
    }
    const { organizationId, jobId, attempt } = job;
    const key = drawingKey({ organizationId, jobId, attempt, shot: 'portrait', sha256 });
    assert.deepEqual(await keysOf(job), [key, thumbnailKeyOf(key)].sort());
    assert.deepEqual(Buffer.from(await api.storage.get(key)), Buffer.from(picture));
    const { format, width, height } = await sharp(await api.storage.get(thumbnailKeyOf(key))).metadata();
    assert.deepEqual([format, width, height], ['webp', 256, 256]);
    assert.deepEqual((await storedOf(api.database, job)).images, before.images, 'only recordShot makes it an image');
  });

  it('knows drawers by each of its keys, and makes tokens with the first', async () => {
    const job = await begin();
    for (const key of [testDrawerKey, earlierKey]) {
      const { status, body } = await ask(drawingOf(job), drawerToken(key, drawingOf(job)));
      assert.equal(status, 200);
      assert.match(new URL((body as Order).upload.url).searchParams.get('token') ?? '', /^\d+\.drawer\.[0-9a-f]{64}$/);
    }
  });

  describe('answers alike', () => {
    const tokens: Readonly<Record<string, (drawing: NamedDrawing, allowed: string) => string | null>> = {
      'no token': () => null,
      'what is no token': () => 'token',
      'a token of another key': (drawing, allowed) =>
        drawerToken({ ...testDrawerKey, secret: earlierKey.secret }, drawing, { allowed }),
      'a token of a key that there is not': (drawing, allowed) =>
        drawerToken({ ...testDrawerKey, id: 'nobody' }, drawing, { allowed }),
      'a token that has expired': (drawing, allowed) =>
        drawerToken(testDrawerKey, drawing, { allowed, expires: inSeconds(-1) }),
      'a token that holds for too long': (drawing, allowed) =>
        drawerToken(testDrawerKey, drawing, { allowed, expires: inSeconds(1_000) }),
      'a token of another shot': (drawing, allowed) =>
        drawerToken(testDrawerKey, { ...drawing, shot: 'profile' }, { allowed }),
      'a token of another attempt': (drawing, allowed) =>
        drawerToken(testDrawerKey, { ...drawing, attempt: 2 }, { allowed }),
      'a token of another job': (drawing, allowed) =>
        drawerToken(testDrawerKey, { ...drawing, jobId: newId() }, { allowed }),
      'a token for the other': (drawing, allowed) =>
        drawerToken(testDrawerKey, drawing, { allowed: allowed === 'draw' ? 'upload' : 'draw' }),
      'a token with another end than it was made for': (drawing, allowed) =>
        drawerToken(testDrawerKey, drawing, { allowed }).replace(/^\d+/, String(inSeconds(90))),
    };
    for (const [what, tokenOf] of Object.entries(tokens)) {
      it(what, async () => {
        const job = await begin();
        const drawing = drawingOf(job);
        const asked = await ask(drawing, tokenOf(drawing, 'draw'));
        const given = await put(uploadUrl(drawing, tokenOf(drawing, 'upload') ?? ''), picture);
        for (const { status, headers, body } of [asked, given]) {
          const { requestId: _, ...error } = (body as { error: { requestId: string } }).error;
          assert.deepEqual(
            [status, error, headers['www-authenticate']],
            [
              401,
              { code: 'UNAUTHENTICATED', message: 'The token is not valid for this drawing, or has expired.' },
              'Bearer realm="doppel"',
            ],
          );
        }
        assert.deepEqual(await keysOf(job), []);
        const row = await api.database('job_shots').where({ job_id: job.jobId, shot: 'portrait' }).first<{
          started_at: unknown;
        }>();
        assert.equal(row.started_at, null, 'the drawing began');
      });
    }
  });

  it('an API key opens nothing here', async () => {
    const job = await begin();
    const { status } = await answerOf(drawingUrl(api.url, drawingOf(job)), {
      headers: { 'X-Api-Key': 'lp_live_aaaaaaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    });
    assert.equal(status, 401);
  });

  it('does not find a job or a shot that is not there, whoever asks', async () => {
    const job = await begin({ shots: ['portrait'] });
    const strange: NamedDrawing[] = [
      { jobId: newId(), attempt: 1, shot: 'portrait' },
      { jobId: 'job', attempt: 1, shot: 'portrait' },
      { jobId: job.jobId.toUpperCase(), attempt: 1, shot: 'portrait' },
      { jobId: job.jobId, attempt: 0, shot: 'portrait' },
      { jobId: job.jobId, attempt: 1.5, shot: 'portrait' },
      { jobId: job.jobId, attempt: 1, shot: 'profile' },
      { jobId: job.jobId, attempt: 1, shot: 'hands' },
    ];
    for (const drawing of strange) {
      assertRefused(await ask(drawing), 404, 'NOT_FOUND');
      assertRefused(await put(uploadUrl(drawing), picture), 404, 'NOT_FOUND');
    }
    assert.deepEqual(await keysOf(job), []);
  });

  const ends: Readonly<Record<string, (job: TestJob) => Promise<unknown>>> = {
    'was canceled': (job) => run.cancelJob(attemptOf(job)),
    'has failed': (job) =>
      run.failJob({
        ...attemptOf(job),
        error: { code: 'RENDER_FAILED', message: 'None.', retryable: true, details: null },
      }),
    'goes on in another attempt': async (job) => {
      await run.cancelJob(attemptOf(job));
      await retryJob(api.database, job);
    },
  };
  for (const [how, end] of Object.entries(ends)) {
    it(`tells nothing of, and stores nothing for, an attempt whose job ${how}`, async () => {
      const job = await begin();
      const { upload } = await orderOf(drawingOf(job));
      await end(job);
      const ended = await storedOf(api.database, job);
      assertRefused(await ask(drawingOf(job)), 409, 'CONFLICT');
      assertRefused(await put(upload.url, picture), 409, 'CONFLICT');
      assert.deepEqual(await keysOf(job), []);
      assert.deepEqual(await storedOf(api.database, job), ended);
    });
  }

  it('stores nothing when the attempt ends while the picture comes', async () => {
    const { database, storage } = api;
    const job = await begin();
    const now = () => new Date();
    const opened = createPictures();
    const drawings = drawingRoutes({
      ...{ tokens: drawerTokens([testDrawerKey]), database, storage, now },
      urls: signedUrls(api.url, [testSigningKey]),
      pictures: {
        async openDrawing(bytes) {
          await run.cancelJob(attemptOf(job));
          return opened.openDrawing(bytes);
        },
      },
    });
    const server = await serveApp({ database, drawings });
    try {
      const token = drawerToken(testDrawerKey, drawingOf(job), { allowed: 'upload' });
      assertRefused(await put(`${drawingUrl(server.url, drawingOf(job))}?token=${token}`, picture), 409, 'CONFLICT');
      assert.equal((await storedOf(database, job)).job.status, 'canceled');
      assert.deepEqual(await keysOf(job), []);
    } finally {
      await server.close();
    }
  });

  for (const renderer of ['illustrated', 'ai'] as const satisfies RendererName[]) {
    it(`leaves the jobs of ${renderer} to the workers that draw them`, async () => {
      const job = await begin({ renderer });
      assertRefused(await ask(drawingOf(job)), 409, 'CONFLICT');
      assertRefused(await put(uploadUrl(drawingOf(job)), picture), 409, 'CONFLICT');
      assert.deepEqual(await keysOf(job), []);
    });
  }

  describe('refuses, and stores nothing of,', () => {
    const square = (edge: number) =>
      sharp({ create: { width: edge, height: edge, channels: 3, background: '#123456', noise: noise() } });
    const noise = () => ({ type: 'gaussian' as const, mean: 128, sigma: 60 });
    const refused: Readonly<
      Record<string, { make: () => Promise<Uint8Array>; headers?: Record<string, string>; as: [number, string] }>
    > = {
      'nothing at all': { make: () => Promise.resolve(new Uint8Array()), as: [400, 'VALIDATION'] },
      'what is no picture': { make: () => Promise.resolve(Buffer.from('picture')), as: [400, 'VALIDATION'] },
      'a PNG': { make: () => square(1024).png().toBuffer(), as: [400, 'VALIDATION'] },
      'a smaller WebP': { make: () => plainPicture('#123456', { width: 1023 }), as: [400, 'VALIDATION'] },
      'a larger WebP': { make: () => plainPicture('#123456', { height: 2048 }), as: [400, 'VALIDATION'] },
      'a WebP whose pixels break off': {
        make: async () => (await square(1024).webp().toBuffer()).subarray(0, 20_000),
        as: [400, 'VALIDATION'],
      },
      'what is said to be something else': {
        make: () => Promise.resolve(picture),
        headers: { 'Content-Type': 'image/png' },
        as: [415, 'UNSUPPORTED_MEDIA_TYPE'],
      },
      'what is compressed': {
        make: () => Promise.resolve(picture),
        headers: { 'Content-Encoding': 'gzip' },
        as: [415, 'UNSUPPORTED_MEDIA_TYPE'],
      },
      'more than 20 MB': {
        make: () => Promise.resolve(Buffer.alloc(20 * 1024 * 1024 + 1)),
        as: [413, 'PAYLOAD_TOO_LARGE'],
      },
    };
    for (const [what, { make, headers, as }] of Object.entries(refused)) {
      it(what, async () => {
        const job = await begin();
        const { upload } = await orderOf(drawingOf(job));
        assertRefused(await put(upload.url, await make(), headers), ...as);
        assert.deepEqual(await keysOf(job), []);
      });
    }
  });

  it('takes no other method', async () => {
    const job = await begin();
    for (const method of ['POST', 'DELETE', 'PATCH'] as const) {
      const { status, headers } = await answerOf(uploadUrl(drawingOf(job)), { method });
      assert.deepEqual([status, headers['allow']], [405, 'HEAD, GET, PUT']);
    }
  });

  it('says UNAVAILABLE while Postgres is away, so that the drawer tries again', async () => {
    const line = await layLine();
    const on = { database: api.database, url: api.databaseUrl, drop: () => Promise.resolve() };
    const away = await startTestApi({ on, through: line.through, drawerKeys: [testDrawerKey] });
    try {
      const drawing = drawingOf(await begin());
      const headers = { Authorization: `Bearer ${drawerToken(testDrawerKey, drawing)}` };
      await line.cut();
      assertRefused(await answerOf(drawingUrl(away.url, drawing), { headers }), 503, 'UNAVAILABLE');
      await line.mend();
      await until('it answers again', async () => {
        return (await answerOf(drawingUrl(away.url, drawing), { headers })).status === 200;
      });
    } finally {
      await away.close();
      await line.cut();
    }
  });

  it('is not there where no drawer is known', async () => {
    const without = await startTestApi({
      on: { database: api.database, url: api.databaseUrl, drop: () => Promise.resolve() },
    });
    try {
      const drawing = drawingOf(await begin());
      const headers = { Authorization: `Bearer ${drawerToken(testDrawerKey, drawing)}` };
      assertRefused(await answerOf(drawingUrl(without.url, drawing), { headers }), 404, 'NOT_FOUND');
    } finally {
      await without.close();
    }
  });

  it('writes a line for each request, and no token into any', async () => {
    const job = await begin();
    const drawing = drawingOf(job);
    const token = drawerToken(testDrawerKey, drawing);
    const { upload } = (await ask(drawing, token)).body as Order;
    await put(upload.url, picture);
    await put(upload.url, 'no picture');
    const path = new URL(upload.url).pathname;
    const own = lines.filter((line) => line['path'] === path);
    assert.deepEqual(
      own.map(({ method, status }) => [method, status]),
      [
        ['GET', 200],
        ['PUT', 201],
        ['PUT', 400],
      ],
    );
    for (const one of [token, new URL(upload.url).searchParams.get('token') ?? '']) {
      const [, , mac = assert.fail()] = one.split('.');
      assert.ok(!logged().includes(mac));
    }
  });

  it('knows every shot of a set', async () => {
    const job = await begin();
    for (const shot of shots) assert.equal((await orderOf(drawingOf(job, shot))).shot, shot);
  });
});
