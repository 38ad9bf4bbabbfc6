import assert from 'node:assert/strict';
import { DoppelClient, DoppelError, NoAnswerError, type JobEvent } from '../../src/client/index.ts';
import { jobEvents } from '../../src/client/job-events.ts';
import { createTransport } from '../../src/client/transport.ts';
import { createTenant, startTestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';
import { assertGapless } from '../support/event-stream.ts';
import { until } from '../support/eventually.ts';
import {
  answer,
  cut,
  refuse,
  startScriptedServer,
  type ScriptedServer,
  type Step,
} from '../support/scripted-server.ts';
import { stepsOf } from '../support/watching.ts';

const frame = (seq: number, status = 'running') =>
  `id: ${String(seq)}\nevent: job\ndata: ${JSON.stringify({ seq, status, attempt: 1, progress: 0 })}\n\n`;

/** Streams these pieces, and ends, breaks or goes on in silence. */
const streams =
  (pieces: readonly (string | Uint8Array)[], then: 'ends' | 'breaks' | 'is silent' = 'ends'): Step =>
  async (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    for (const piece of pieces) {
      response.write(piece);
      await new Promise(setImmediate);
    }
    if (then === 'ends') response.end();
    if (then === 'breaks') setImmediate(() => response.destroy());
  };

describe('jobs.events', () => {
  const servers: ScriptedServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  const eventsOf = async (
    steps: [Step, ...Step[]],
    { silentMs, ...options }: { lastEventId?: number; signal?: AbortSignal; silentMs?: number } = {},
  ) => {
    const server = await startScriptedServer(...steps);
    servers.push(server);
    const waitsMs: number[] = [];
    const wait = (ms: number) => {
      waitsMs.push(ms);
      return Promise.resolve();
    };
    const transport = createTransport({ baseUrl: server.url, apiKey: 'lp_test' }, wait);
    const events = jobEvents((from) => transport.stream('/v1/jobs/job_1/events', from), options, {
      wait,
      ...(silentMs === undefined ? {} : { silentMs }),
    });
    const lastEventIds = () => server.asked.map(({ headers }) => headers['last-event-id']);
    return { server, events, waitsMs, lastEventIds };
  };
  const all = async (events: AsyncIterable<JobEvent>): Promise<number[]> => {
    const seqs: number[] = [];
    for await (const { seq } of events) seqs.push(seq);
    return seqs;
  };

  it('gives all events and ends with the job', async () => {
    const { events, server } = await eventsOf([streams(['retry: 2000\n\n', frame(1), ':\n\n', frame(2, 'failed')])]);
    assert.deepEqual(await all(events), [1, 2]);
    assert.deepEqual(
      server.asked.map(({ path, headers }) => [path, headers.accept, headers['x-api-key']]),
      [['/v1/jobs/job_1/events', 'text/event-stream', 'lp_test']],
    );
  });

  it('comes back where a connection broke or was ended before the job was, after as long as it was told', async () => {
    const { events, lastEventIds, waitsMs } = await eventsOf([
      streams(['retry: 2000\n\n', frame(1), frame(2)], 'breaks'),
      streams([frame(3), 'retry: 700\n\n', frame(4).slice(0, -5)]),
      streams([frame(4), frame(5, 'completed')]),
    ]);
    assert.deepEqual(await all(events), [1, 2, 3, 4, 5]);
    assert.deepEqual(lastEventIds(), [undefined, '2', '3']);
    const [first = 0, second = 0] = waitsMs;
    assert.ok(first >= 1_000 && first <= 2_000 && second >= 350 && second <= 700, String(waitsMs));
  });

  it('reads frames however they are cut', async () => {
    const bytes = Buffer.from(`${frame(1)}${frame(2).replaceAll('\n', '\r\n')}${frame(3, 'canceled')}`);
    const { events } = await eventsOf([streams(Array.from(bytes, (byte) => new Uint8Array([byte])))]);
    assert.deepEqual(await all(events), [1, 2, 3]);
  });

  it('goes on through an end that a retry follows', async () => {
    const { events } = await eventsOf([streams([frame(1), frame(2, 'failed'), frame(3), frame(4, 'completed')])]);
    assert.deepEqual(await all(events), [1, 2, 3, 4]);
  });

  it('goes on behind what the caller has, and ends where that is all', async () => {
    const { events, lastEventIds } = await eventsOf(
      [
        (response) => {
          response.writeHead(204).end();
        },
      ],
      { lastEventId: 7 },
    );
    assert.deepEqual([await all(events), lastEventIds()], [[], ['7']]);
  });

  it('gives what comes to a caller that names an event beyond the last', async () => {
    const { events } = await eventsOf([streams([frame(6), frame(7, 'completed')])], { lastEventId: 99 });
    assert.deepEqual(await all(events), [6, 7]);
  });

  it('gives no event twice', async () => {
    const { events } = await eventsOf([
      streams([frame(1), frame(2)], 'breaks'),
      streams([frame(2), frame(3, 'failed')]),
    ]);
    assert.deepEqual(await all(events), [1, 2, 3]);
  });

  it('leaves a connection that is silent', async () => {
    const { events } = await eventsOf([streams([frame(1)], 'is silent'), streams([frame(2, 'failed')])], {
      silentMs: 100,
    });
    assert.deepEqual(await all(events), [1, 2]);
  });

  it('waits as long as a refusal says', async () => {
    const { events, waitsMs } = await eventsOf([
      refuse(503, 'UNAVAILABLE', { headers: { 'Retry-After': '5' } }),
      cut,
      streams([frame(1, 'failed')]),
    ]);
    assert.deepEqual(await all(events), [1]);
    assert.ok((waitsMs[0] ?? 0) >= 5_000);
  });

  it('throws what is refused for good, and gives up on what never tells anything', async () => {
    const refused = await eventsOf([refuse(404, 'NOT_FOUND')]);
    await assert.rejects(all(refused.events), (error) => error instanceof DoppelError && error.code === 'NOT_FOUND');
    const page = await eventsOf([answer(201, {})]);
    await assert.rejects(all(page.events), DoppelError);
    const empty = await eventsOf([streams(['retry: 1\n\n'], 'breaks')]);
    await assert.rejects(all(empty.events), NoAnswerError);
    assert.equal(empty.server.asked.length, 6);
  });

  it('ends with its signal’s reason, and with the loop that it is in', async () => {
    const reason = new Error('not any more');
    const ending = new AbortController();
    const { events } = await eventsOf([streams([frame(1)], 'is silent')], { signal: ending.signal });
    await assert.rejects(async () => {
      for await (const { seq } of events) if (seq === 1) ending.abort(reason);
    }, reason);

    const { events: others, server } = await eventsOf([streams([frame(1), frame(2)], 'is silent')]);
    for await (const { seq } of others) if (seq === 1) break;
    assert.equal(server.asked.length, 1);
  });

  it('gives the events of a job as they happen', async () => {
    const api = await startTestApi();
    try {
      const tenant = await createTenant(api.database);
      const { jobId } = await createInfluencer(api, tenant);
      const job = stepsOf(api.database, jobId);
      const client = new DoppelClient({ baseUrl: api.url, apiKey: tenant.key });
      const events: JobEvent[] = [];
      const reading = (async () => {
        for await (const event of client.jobs.events(jobId)) events.push(event);
      })();
      await until('it reads', () => events.length === 1);
      await job.step();
      await job.end();
      await reading;
      assertGapless(events);
      assert.equal(events.length, 3);
      const waited = await client.jobs.wait(jobId);
      assert.equal(waited.status, 'completed');
    } finally {
      await api.close();
    }
  });

  it('is not what jobs.wait reads: that lets the API wait, once for each change', async () => {
    const api = await startTestApi();
    try {
      const tenant = await createTenant(api.database);
      const { jobId } = await createInfluencer(api, tenant);
      const job = stepsOf(api.database, jobId);
      let calls = 0;
      const client = new DoppelClient({
        ...{ baseUrl: api.url, apiKey: tenant.key },
        fetch: (...call) => {
          calls++;
          return fetch(...call);
        },
      });
      const seen: number[] = [];
      const waiting = client.jobs.wait(jobId, { onChange: ({ progress }) => seen.push(progress) });
      for (const progress of [0.2, 0.4]) {
        await until('it waits', () => api.watchers() === 1);
        await job.step(progress);
        await until('it has seen it', () => seen.at(-1) === progress);
      }
      await until('it waits', () => api.watchers() === 1);
      await job.end();
      assert.equal((await waiting).status, 'completed');
      assert.deepEqual([seen, calls], [[0, 0.2, 0.4, 1], 4]);
    } finally {
      await api.close();
    }
  });
});
