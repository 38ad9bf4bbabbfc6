// What Temporal keeps of jobs, where keys encrypt it, on a real Temporal server.

import assert from 'node:assert/strict';
import type { RunningWorker } from '../../src/worker.ts';
import { openTemporal, type TemporalSettings } from '../../src/temporal/connection.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer, type Created } from '../support/builders.ts';
import { until } from '../support/eventually.ts';
import { gate } from '../support/gate.ts';
import { textsIn } from '../support/kept-texts.ts';
import { plainRenderer, type BeforeDrawing } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

describe('histories that are encrypted', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let tenant: Tenant;
  let worker: RunningWorker;
  let draw: BeforeDrawing;
  const [old, next] = ['old', 'new'].map((id) => ({ id, secret: `the ${id} secret of the tests, long enough` }));
  assert.ok(old && next);
  const withKeys = (...[first, ...others]: (typeof old)[]): Pick<TestTemporal, 'connect'> => ({
    connect: { ...temporal.connect, ...(first !== undefined && { codecKeys: [first, ...others] as const }) },
  });
  const work = ({ connect }: { connect: TemporalSettings }) =>
    startTestWorker(
      api,
      { connect },
      { renderers: { illustrated: plainRenderer((shot, signal) => draw(shot, signal)) } },
    );

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: withKeys(old).connect });
    tenant = await createTenant(api.database);
  });
  after(async () => {
    await api.close();
    await temporal.close();
  });
  beforeEach(async () => {
    draw = () => undefined;
    worker = await work(withKeys(old));
  });
  afterEach(() => worker.close());

  const statusOf = async ({ jobId }: Created): Promise<unknown> =>
    (await call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key })).body.status;
  const untilIs = (created: Created, status: string) =>
    until(`it is ${status}`, async () => (await statusOf(created)) === status, { withinMs: 30_000 });
  /** All that the server has of a job’s workflow, as it has it. */
  const keptOf = async ({ jobId }: Created): Promise<ReturnType<typeof textsIn>> => {
    const history = await temporal.client.workflow.getHandle(jobId).fetchHistory();
    const described = await temporal.client.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId: jobId },
    });
    return textsIn(history, described);
  };

  it('tell nothing but ids to look workflows up by', async () => {
    const created = await createInfluencer(api, tenant);
    await untilIs(created, 'completed');
    const { texts, encodings } = await keptOf(created);
    const all = texts.join('\n');
    assert.doesNotMatch(all, /portrait|illustrated|sha256|provenance|Renders the reference images/);
    // Search attributes are what the server itself looks up, and what marks a local activity is the SDK’s.
    assert.deepEqual([...encodings].sort(), ['binary/encrypted', 'json/plain']);
    const { temporal: reader, connection } = openTemporal(withKeys(old).connect);
    const { memo } = await reader.workflow.getHandle(created.jobId).describe();
    const { jobId, influencerId } = created;
    const consoleUrl = `${api.url}/console/jobs/${jobId}`;
    assert.deepEqual(memo, { jobId, influencerId, attempt: 1, consoleUrl });
    await connection.close();
  });

  it('hide what a failure says', async () => {
    draw = () => {
      throw new Error('a face like a name that nobody may read');
    };
    const created = await createInfluencer(api, tenant);
    await untilIs(created, 'failed');
    const { texts } = await keptOf(created);
    assert.doesNotMatch(texts.join('\n'), /a face like/);
  });

  it('go on while keys are rotated, also what was begun without any', async () => {
    const others = gate();
    let drawn = 0;
    draw = () => (++drawn === 1 ? undefined : others.opened);
    const created = await createInfluencer(api, tenant);
    await until('it is being drawn', () => drawn > 1);
    const closing = worker.close();
    others.open();
    await closing;
    worker = await work(withKeys(next, old));
    await untilIs(created, 'completed');
  });
});
