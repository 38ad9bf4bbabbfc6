import assert from 'node:assert/strict';
import { ensureSchedules, updateSchedules } from '../../src/temporal/schedules.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';

const hourMs = 3_600_000;

describe('the schedules', () => {
  let temporal: TestTemporal;
  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
  });
  after(() => temporal.close());

  const schedule = (id: string) => temporal.client.schedule.getHandle(id);
  const described = async (id: string) => {
    const { spec, policies, action } = await schedule(id).describe();
    return [spec.intervals?.map(({ every }) => every), policies.overlap, action.workflowType];
  };

  it('are there once, without overlap, however many processes make sure of them', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureSchedules(temporal.client)));
    await updateSchedules(temporal.client);
    assert.deepEqual(await described('housekeeping'), [[hourMs], 'SKIP', 'housekeeping']);
    assert.deepEqual(await described('storage-collector'), [[24 * hourMs], 'SKIP', 'collectStorage']);
    const ids = [];
    for await (const { scheduleId } of temporal.client.schedule.list()) ids.push(scheduleId);
    assert.deepEqual(ids.sort(), ['housekeeping', 'storage-collector']);
  });

  for (const id of ['housekeeping', 'storage-collector']) {
    describe(id, () => {
      it('comes back when it was deleted', async () => {
        await schedule(id).delete();
        await ensureSchedules(temporal.client);
        assert.equal((await schedule(id).describe()).state.paused, false);
      });

      it('stays paused when an operator paused it', async () => {
        await schedule(id).pause('an operator');
        await updateSchedules(temporal.client);
        const { state } = await schedule(id).describe();
        assert.deepEqual([state.paused, state.note], [true, 'an operator']);
      });

      it('is brought to what this release wants', async () => {
        const wanted = await described(id);
        await schedule(id).update((previous) => ({ ...previous, spec: { intervals: [{ every: '1 week' }] } }));
        assert.notDeepEqual(await described(id), wanted);
        await updateSchedules(temporal.client);
        assert.deepEqual(await described(id), wanted);
      });
    });
  }
});
