import assert from 'node:assert/strict';
import { ensureSchedules, updateSchedules } from '../../src/temporal/schedules.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';

describe('the schedule of the housekeeping', () => {
  let temporal: TestTemporal;
  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
  });
  after(() => temporal.close());

  const schedule = () => temporal.client.schedule.getHandle('housekeeping');

  it('is there once, hourly and without overlap, however many processes make sure of it', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureSchedules(temporal.client)));
    await updateSchedules(temporal.client);
    const { spec, policies, action } = await schedule().describe();
    assert.deepEqual(
      spec.intervals?.map(({ every }) => every),
      [3_600_000],
    );
    assert.equal(policies.overlap, 'SKIP');
    assert.equal(action.workflowType, 'housekeeping');
    const ids = [];
    for await (const { scheduleId } of temporal.client.schedule.list()) ids.push(scheduleId);
    assert.deepEqual(ids, ['housekeeping']);
  });

  it('comes back when it was deleted', async () => {
    await schedule().delete();
    await ensureSchedules(temporal.client);
    assert.equal((await schedule().describe()).state.paused, false);
  });

  it('stays paused when an operator paused it', async () => {
    await schedule().pause('an operator');
    await updateSchedules(temporal.client);
    const { state } = await schedule().describe();
    assert.deepEqual([state.paused, state.note], [true, 'an operator']);
  });

  it('is brought to what this release wants', async () => {
    await schedule().update((previous) => ({ ...previous, spec: { intervals: [{ every: '1 day' }] } }));
    await updateSchedules(temporal.client);
    assert.deepEqual(
      (await schedule().describe()).spec.intervals?.map(({ every }) => every),
      [3_600_000],
    );
  });
});
