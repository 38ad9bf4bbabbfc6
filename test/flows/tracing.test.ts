// A clone's trace, from its request to its drawings, on a real Temporal server.

import assert from 'node:assert/strict';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { RunningWorker } from '../../src/worker.ts';
import { startTracing, type Tracing } from '../../src/tracing.ts';
import { call, createTenant, startTestApi, type TestApi } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

describe('a trace', () => {
  let temporal: TestTemporal;
  let tracing: Tracing;
  let api: TestApi;
  let worker: RunningWorker;
  const spans = new InMemorySpanExporter();

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    tracing = startTracing('tests', new SimpleSpanProcessor(spans));
    const connect = { ...temporal.connect, tracing: tracing.plugin };
    api = await startTestApi({ temporal: connect });
    worker = await startTestWorker(api, { connect }, { renderers: { illustrated: plainRenderer() } });
  });
  after(async () => {
    await worker.close();
    await api.close();
    await tracing.close();
    await temporal.close();
  });

  it('leads from the request through the workflow to each activity, and tells nothing of the person', async () => {
    const tenant = await createTenant(api.database);
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const { status, body } = await call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, {
      key: tenant.key,
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      body: { name: 'Ava Chen', vibe: 'a vibe that nobody may read' },
    });
    assert.equal(status, 202);
    await until(
      'it is completed',
      async () =>
        (await call(`${api.url}/v1/jobs/${String(body.jobId)}`, { key: tenant.key })).body.status === 'completed',
      { withinMs: 30_000 },
    );
    const own = () => spans.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
    await until('the workflow has told of itself', () => own().some(({ name }) => name.startsWith('RunWorkflow')));
    const names = own().map(({ name }) => name);
    const count = (name: string) => names.filter((one) => one === name).length;
    assert.deepEqual(
      {
        request: count('POST /v1/projects/:projectId/influencers'),
        start: count('StartWorkflow:influencerCreate'),
        run: count('RunWorkflow:influencerCreate'),
        drawings: count('RunActivity:drawShot'),
        recordings: count('RunActivity:recordShot'),
        publishing: count('RunActivity:publishInfluencer'),
      },
      { request: 1, start: 1, run: 1, drawings: 6, recordings: 6, publishing: 1 },
    );
    const told = JSON.stringify(
      spans.getFinishedSpans().map(({ name, attributes, events }) => ({ name, attributes, events })),
    );
    for (const secret of ['Ava Chen', 'nobody may read', tenant.key]) assert.ok(!told.includes(secret), secret);
  });
});
