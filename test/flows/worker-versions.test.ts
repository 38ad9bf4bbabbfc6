// A new release of the workers beside the one before it, on a real Temporal server.

import assert from 'node:assert/strict';
import { DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import type { RunningWorker } from '../../src/worker.ts';
import {
  listWorkerVersions,
  makeVersionCurrent,
  rampVersion,
  versionStatus,
  type WorkerVersion,
} from '../../src/temporal/worker-versions.ts';
import { openWorkflowBundle } from '../../src/workflow-bundle.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer, type Created } from '../support/builders.ts';
import { eventually, until } from '../support/eventually.ts';
import { gate } from '../support/gate.ts';
import { plainRenderer, type BeforeDrawing } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

describe('two versions of the workers', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let tenant: Tenant;
  let place: Parameters<typeof listWorkerVersions>[0];
  let workflowBundle: WorkflowBundleOption;
  let workers: RunningWorker[];
  /** Which version drew, in the order in which it did. */
  let drawn: string[];
  let draw: BeforeDrawing;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    workflowBundle = await openWorkflowBundle({ logger: new DefaultLogger('ERROR') });
    place = { connection: temporal.client.connection, namespace: 'default' };
    api = await startTestApi({ temporal: temporal.connect });
    tenant = await createTenant(api.database);
  });
  after(async () => {
    await api.close();
    await temporal.close();
  });
  beforeEach(() => {
    [workers, drawn] = [[], []];
    draw = () => undefined;
  });
  afterEach(() => Promise.all(workers.map((worker) => worker.close())));

  const work = async (workerBuildId: string): Promise<RunningWorker> => {
    const renderer = plainRenderer((shot, signal) => {
      drawn.push(workerBuildId);
      return draw(shot, signal);
    });
    const worker = await startTestWorker(api, temporal, {
      ...{ workerBuildId, workflowBundle },
      renderers: { illustrated: renderer },
    });
    workers.push(worker);
    await until('it has polled', async () => {
      const versions = await listWorkerVersions(place).catch(() => []);
      return versions.some(({ buildId }) => buildId === workerBuildId);
    });
    return worker;
  };
  /** A version takes what begins once Temporal knows that its workers poll each queue. */
  const make = (buildId: string) =>
    eventually(`${buildId} is current`, () => makeVersionCurrent(place, buildId).then(() => true));
  const statusOf = async (buildId: string): Promise<WorkerVersion | undefined> =>
    (await listWorkerVersions(place)).find((version) => version.buildId === buildId);
  const statusOfJob = async ({ jobId }: Created): Promise<unknown> =>
    (await call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key })).body.status;
  const untilCompleted = (created: Created) =>
    until('it is completed', async () => (await statusOfJob(created)) === 'completed', { withinMs: 30_000 });
  const versionOf = async ({ jobId }: Created) => {
    const { raw } = await temporal.client.workflow.getHandle(jobId).describe();
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
  };

  it('end each job on the one that it began on, and begin new ones on the current one', async () => {
    await work('1');
    await make('1');
    const others = gate();
    draw = () => others.opened;
    const before = await createInfluencer(api, tenant);
    await until('it is being drawn', () => drawn.length > 0);
    await work('2');
    await make('2');
    const after = await createInfluencer(api, tenant);
    await until('both are being drawn', () => new Set(drawn).size === 2);
    others.open();
    await Promise.all([before, after].map(untilCompleted));
    assert.deepEqual([await versionOf(before), await versionOf(after)], ['1', '2']);
    assert.deepEqual(
      ['1', '2'].map((version) => drawn.filter((by) => by === version).length),
      [6, 6],
    );
    assert.equal((await statusOf('2'))?.status, 'current');
    assert.match(await versionStatus(place, '1'), /^drain/);
  });

  it('are lost by no job when the old one is gone for a while', async () => {
    const old = await work('3');
    await make('3');
    const others = gate();
    draw = () => others.opened;
    const created = await createInfluencer(api, tenant);
    await until('it is being drawn', () => drawn.length > 0);
    await work('4');
    await make('4');
    const closing = old.close();
    others.open();
    await closing;
    workers = workers.filter((worker) => worker !== old);
    await work('3');
    await untilCompleted(created);
    assert.equal(await versionOf(created), '3');
  });

  it('share what begins while one is ramped', async () => {
    await work('5');
    await make('5');
    await work('6');
    await eventually('it is ramped', () => rampVersion(place, '6', 100).then(() => true));
    assert.deepEqual(await statusOf('6'), { buildId: '6', status: 'ramping', rampPercentage: 100 });
    // Temporal tells its task queues of it one by one.
    const untilOneIsOf = (version: string) =>
      until(`a job is of ${version}`, async () => {
        const created = await createInfluencer(api, tenant);
        await untilCompleted(created);
        return (await versionOf(created)) === version;
      });
    await untilOneIsOf('6');
    await rampVersion(place, '6', 0);
    await untilOneIsOf('5');
  });
});
