import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { Webhook as Verifier } from 'standardwebhooks';
import { Worker } from '@temporalio/worker';
import { createWebhookActivities } from '../../activities/index.ts';
import { query } from '../../src/db/database.ts';
import { formatId, parseId } from '../../src/domain/ids.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import { webhookEvents } from '../../src/domain/webhook.ts';
import { deliveryWorkflowId, startDeliveryWorkflow } from '../../src/temporal/start-delivery.ts';
import type { SendWebhook } from '../../src/webhooks/send-webhook.ts';
import { call, createTenant, silent, type Tenant } from '../support/api.ts';
import { spawnDoppel, type DoppelProcess } from '../support/doppel-process.ts';
import { until } from '../support/eventually.ts';
import { person, untilCompleted } from '../support/flows.ts';
import { gate } from '../support/gate.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { workflowBundleOnce } from '../support/test-workers.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { attemptsOf, deliveriesOf, deliveryOf, insertDelivery, insertEndpoint } from '../support/webhooks.ts';

const jobs = 9;
const tests = 110;

/** A receiver that takes its time, and fails each eighth webhook that it sees at first. */
async function startReceiver() {
  const got = new Map<string, { bodies: Set<string>; headers: Record<string, string> }>();
  const server = createServer((request, response) => {
    void (async () => {
      const body = (await buffer(request)).toString();
      const id = String(request.headers['webhook-id']);
      const isNew = !got.has(id);
      const seen = got.get(id) ?? { bodies: new Set(), headers: request.headers as Record<string, string> };
      got.set(id, seen);
      seen.bodies.add(body);
      await delay(50);
      response.writeHead(isNew && got.size % 8 === 0 ? 500 : 204).end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    got,
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('webhooks through crashes', () => {
  let temporal: TestTemporal;
  let testDatabase: TestDatabase;
  let tenant: Tenant;
  let folder: string;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  const running: DoppelProcess[] = [];

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    testDatabase = await createTestDatabase();
    tenant = await createTenant(testDatabase.database);
    folder = await makeTemporaryFolder();
    receiver = await startReceiver();
  });
  after(async () => {
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(running.map(({ exited }) => exited));
    await receiver.close();
    await temporal.close();
    await testDatabase.drop();
    await removeTemporaryFolder(folder);
  });

  const spawn = (command: 'api' | 'worker'): DoppelProcess => {
    const started = spawnDoppel([command], {
      cwd: folder,
      env: {
        ...{ PORT: '0', WORKER_PORT: '0', DOPPEL_DATA_DIR: folder, WEBHOOKS_ALLOW_LOCALHOST: 'true' },
        ...{ SIGNING_KEYS: 'test:a-secret-of-the-tests-that-is-long-enough', DATABASE_URL: testDatabase.url },
        TEMPORAL_ADDRESS: temporal.connect.connectionOptions.address ?? '',
      },
    });
    running.push(started);
    return started;
  };
  const startApi = async () => {
    const api = spawn('api');
    const [, url = ''] = await api.says(/"url":"(http:[^"]+)"/);
    return { api, url };
  };
  const killed = async (one: DoppelProcess) => {
    one.kill('SIGKILL');
    assert.equal(await one.exited, 'SIGKILL');
  };
  const untilGot = (count: number) =>
    until(`${String(count)} webhooks came`, () => receiver.got.size >= count, { withinMs: 120_000 });
  const post = async (url: string, path: string, body?: unknown) => {
    const reply = await call(`${url}${path}`, {
      method: 'POST',
      key: tenant.key,
      ...(body === undefined ? {} : { body }),
    });
    assert.ok(reply.status < 300, JSON.stringify(reply.body));
    return reply.body;
  };

  it('makes an attempt again that was under way when its worker stopped', async function () {
    this.timeout(60_000);
    const { database } = testDatabase;
    const endpoint = await insertEndpoint(database, await createHome(database));
    const delivery = await insertDelivery(database, endpoint);
    await startDeliveryWorkflow(temporal.client, delivery);
    const workflows = await Worker.create({
      connection: await temporal.native(),
      taskQueue: taskQueues.influencers,
      workflowBundle: await workflowBundleOnce(),
    });
    const workerWith = async (sendWebhook: SendWebhook) =>
      Worker.create({
        connection: await temporal.native(),
        taskQueue: taskQueues.webhooks,
        activities: createWebhookActivities({ database, sendWebhook, log: silent }),
        shutdownGraceTime: '100 milliseconds',
      });
    const isSending = gate();
    const stopping = await workerWith(async (_, signal) => {
      isSending.open();
      if (signal !== undefined) await once(signal, 'abort');
      throw signal?.reason;
    });
    const nothing = { error: null, responseExcerpt: null, retryAfterMs: null };
    const result = await workflows.runUntil(async () => {
      await stopping.runUntil(isSending.opened);
      assert.equal((await deliveryOf(database, endpoint)).status, 'pending');
      const next = await workerWith(() =>
        Promise.resolve({ at: new Date(), durationMs: 1, statusCode: 200, ...nothing }),
      );
      return next.runUntil(temporal.client.workflow.getHandle(deliveryWorkflowId(delivery)).result());
    });
    assert.equal(result, 'delivered');
    assert.equal((await attemptsOf(database, delivery)).length, 1);
  });

  it('delivers each of 200 events at least once, always with the same id and body, while API, worker and Temporal are killed in turn', async function () {
    this.timeout(300_000);
    const { database } = testDatabase;
    const first = await startApi();
    const firstWorker = spawn('worker');
    const endpoint = await post(first.url, '/v1/webhook-endpoints', { url: receiver.url, events: webhookEvents });
    const deliveries = () =>
      deliveriesOf(database, {
        organizationId: tenant.organizationId,
        id: parseId('webhookEndpoint', endpoint.webhookEndpointId as string),
      });
    const test = (url: string) => post(url, `/v1/webhook-endpoints/${String(endpoint.webhookEndpointId)}/test`);

    const jobIds: string[] = [];
    for (let index = 0; index < jobs; index++) {
      const { jobId } = await post(first.url, `/v1/projects/${tenant.projectId}/influencers`, person);
      jobIds.push(jobId as string);
    }
    for (let index = 0; index < tests / 2; index++) await test(first.url);
    await killed(first.api);

    await untilGot(20);
    await killed(firstWorker);
    spawn('worker');

    await untilGot(60);
    await temporal.kill();
    const second = await startApi();
    for (let index = 0; index < tests / 2; index++) await test(second.url);
    await temporal.restart();

    await untilCompleted(database, jobIds, 120_000);
    await until('all are delivered', async () => (await deliveries()).every(({ status }) => status === 'delivered'), {
      withinMs: 180_000,
      everyMs: 200,
    });

    const [expected] = await query<{ ids: string[] }>(
      database,
      `select array(
         select id from job_events where organization_id = :organizationId and type <> 'job.accepted'
         union all
         select md5(id::text || 'influencer.ready')::uuid from job_events
         where organization_id = :organizationId and type = 'job.completed'
         union all
         select event_id from webhook_deliveries where organization_id = :organizationId and type = 'webhook.test'
       ) as ids`,
      { organizationId: tenant.organizationId },
    );
    const ids = (expected?.ids ?? []).map((id) => formatId('event', id));
    assert.ok(ids.length >= 200, `${String(ids.length)} events`);
    assert.deepEqual([...receiver.got.keys()].sort(), ids.sort());
    const verifier = new Verifier(endpoint.secret as string);
    for (const { bodies, headers } of receiver.got.values()) {
      assert.equal(bodies.size, 1);
      for (const body of bodies) verifier.verify(body, headers);
    }
    assert.equal((await deliveries()).filter(({ type }) => type === 'webhook.test').length, tests);
  });
});
