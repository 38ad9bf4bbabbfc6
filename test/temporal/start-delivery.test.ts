import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import { formatId } from '../../src/domain/ids.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import { createDispatcher, type Dispatcher } from '../../src/temporal/dispatcher.ts';
import { deliveryWorkflowId } from '../../src/temporal/start-delivery.ts';
import { silent } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { deliveryOf, insertDelivery, insertEndpoint, type TestEndpoint } from '../support/webhooks.ts';

// No worker runs here: what was started stays as it is.
describe('the dispatcher of webhooks', () => {
  let temporal: TestTemporal;
  let postgres: TestDatabase;
  let database: Knex;
  let endpoint: TestEndpoint;
  let open: Dispatcher[];

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    postgres = await createTestDatabase();
    ({ database } = postgres);
  });
  after(async () => {
    await temporal.close();
    await postgres.drop();
  });
  beforeEach(async () => {
    open = [];
    endpoint = await insertEndpoint(database, await createHome(database));
  });
  afterEach(() => Promise.all(open.map((dispatcher) => dispatcher.close())));

  const dispatch = (): Dispatcher => {
    const dispatcher = createDispatcher(
      { database, temporal: temporal.client, newId, log: silent },
      { scanEveryMs: 50 },
    );
    open.push(dispatcher);
    return dispatcher;
  };
  const untilStarted = () =>
    until('it is started', async () => (await deliveryOf(database, endpoint)).dispatchedAt !== null);
  const describeRun = (delivery: DeliveryDispatch) =>
    temporal.client.workflow.getHandle(deliveryWorkflowId(delivery)).describe();

  it('starts an offered delivery under the id that callers see', async () => {
    const delivery = await insertDelivery(database, endpoint);
    dispatch().deliveries.offer(delivery);
    await untilStarted();
    const { workflowId, taskQueue, type } = await describeRun(delivery);
    assert.deepEqual(
      [workflowId, taskQueue, type],
      [formatId('webhookDelivery', delivery.deliveryId), taskQueues.influencers, 'webhookDelivery'],
    );
  });

  it('finds by its scan what was committed and never offered', async () => {
    const delivery = await insertDelivery(database, endpoint);
    dispatch().scan();
    await untilStarted();
    assert.equal((await describeRun(delivery)).status.name, 'RUNNING');
  });

  it('starts each run once, however often it is offered, and a later run beside it', async () => {
    const delivery = await insertDelivery(database, endpoint);
    const dispatcher = dispatch();
    for (let index = 0; index < 5; index++) dispatcher.deliveries.offer(delivery);
    await untilStarted();
    await dispatcher.close();
    const first = await describeRun(delivery);
    await database('webhook_deliveries').where({ id: delivery.deliveryId }).update({ run: 2, dispatched_at: null });
    dispatch().scan();
    await untilStarted();
    const second = await describeRun({ ...delivery, run: 2 });
    assert.equal(second.workflowId, `${first.workflowId}.2`);
    assert.equal((await describeRun(delivery)).runId, first.runId);
  });

  it('only marks a run whose workflow ran already', async () => {
    const delivery = await insertDelivery(database, endpoint);
    dispatch().deliveries.offer(delivery);
    await untilStarted();
    await temporal.client.workflow.getHandle(deliveryWorkflowId(delivery)).terminate();
    await database('webhook_deliveries').where({ id: delivery.deliveryId }).update({ dispatched_at: null });
    dispatch().scan();
    await untilStarted();
    assert.equal((await describeRun(delivery)).status.name, 'TERMINATED');
  });

  it('tells operators whose webhook it is, and Temporal neither the URL nor a secret', async () => {
    const delivery = await insertDelivery(database, endpoint);
    dispatch().deliveries.offer(delivery);
    await untilStarted();
    const handle = temporal.client.workflow.getHandle(deliveryWorkflowId(delivery));
    const { raw, typedSearchAttributes, memo } = await handle.describe();
    const endpointId = formatId('webhookEndpoint', endpoint.id);
    const attributes = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    assert.deepEqual(attributes, {
      OrganizationId: formatId('organization', endpoint.organizationId),
      WebhookEndpointId: endpointId,
    });
    assert.deepEqual(memo, {
      deliveryId: formatId('webhookDelivery', delivery.deliveryId),
      webhookEndpointId: endpointId,
      type: 'webhook.test',
      run: 1,
    });
    const { summary } = raw.executionConfig?.userMetadata ?? {};
    assert.match(Buffer.from(summary?.data ?? []).toString(), /Deliver webhook\.test to whe_/);
    const everything = JSON.stringify([await handle.fetchHistory(), raw, memo]);
    const decoded = everything.replaceAll(/"([A-Za-z0-9+/=]{8,})"/g, (_, text: string) =>
      Buffer.from(text, 'base64').toString(),
    );
    for (const text of [everything, decoded]) assert.doesNotMatch(text, /hooks\.example|whsec/);
  });
});
