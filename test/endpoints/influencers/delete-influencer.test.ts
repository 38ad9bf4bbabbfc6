import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import type { Activities } from '../../../activities/index.ts';
import { claimCancellations } from '../../../src/db/cancellations.ts';
import { claimUndispatched } from '../../../src/db/dispatch.ts';
import { moveInfluencer } from '../../../src/db/influencers.ts';
import { endJob, lockRunningJob } from '../../../src/db/job-moves.ts';
import { runningJobsLimits } from '../../../src/domain/scopes.ts';
import { attemptOf, beginDrawing, complete, drawAndRecord } from '../../support/activities.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { createInfluencer, insertAsset, unknownId, type Created } from '../../support/builders.ts';
import { activitiesOf, dispatched, jobOf } from '../../support/caller-jobs.ts';
import { until } from '../../support/eventually.ts';
import { assertEventsGapless, storedOf, type Stored, type TestJob } from '../../support/jobs.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';

const notFound = { status: 404, code: 'NOT_FOUND', message: 'Influencer not found.' } as const;
const failure = { code: 'RENDER_FAILED', message: 'no pencil', retryable: true, details: null } as const;

describe('DELETE /v1/influencers/:influencerId', () => {
  let api: TestApi;
  let tenant: Tenant;
  let created: Created;
  let job: TestJob;
  let run: Activities;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
    run = activitiesOf(api);
  });
  after(() => api.close());
  const anew = async () => {
    created = await createInfluencer(api, tenant);
    job = jobOf(tenant, created);
  };
  beforeEach(anew);

  const remove = (
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
    id = created.influencerId,
  ): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${id}`, {
      method: 'DELETE',
      key: tenant.key,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  const read = (path: string): Promise<Reply> => call(`${api.url}${path}`, { key: tenant.key });
  const stored = (): Promise<Stored> => storedOf(api.database, job);
  const assertCanceled = async () => {
    const now = await stored();
    assert.deepEqual(
      [now.job.status, now.job.stage, now.job.error, now.influencer.status, now.influencer.errorMessage],
      ['canceled', null, null, 'deleted', null],
    );
    assert.notEqual(now.job.finishedAt, null);
    assert.equal(now.events.at(-1)?.type, 'job.canceled');
    assert.ok(now.shots.every(({ status }) => status !== 'rendering'));
    assertEventsGapless(now);
    return now;
  };

  it('says when, and keeps the reason', async () => {
    const reply = await remove({ body: { reason: 'The campaign is over.' } });
    assert.equal(reply.status, 200);
    const { deletedAt, ...rest } = reply.body;
    assert.deepEqual(rest, { influencerId: created.influencerId, status: 'deleted' });
    assert.ok(Math.abs(Date.now() - Date.parse(deletedAt)) < 60_000);
    const row = await api.database('influencers').where({ id: job.influencerId }).first();
    assert.deepEqual([row.delete_reason, row.deleted_at.toISOString()], ['The campaign is over.', deletedAt]);
  });

  it('takes an empty body and an empty object, in which no reason is said', async () => {
    assert.equal((await remove({ body: {} })).status, 200);
    const other = await createInfluencer(api, tenant);
    assert.equal((await remove({}, other.influencerId)).status, 200);
    const row = await api.database('influencers').where({ id: job.influencerId }).first();
    assert.equal(row.delete_reason, null);
  });

  it('leaves nothing to be found of it by any route or list, but its job', async () => {
    const asset = await insertAsset(api.database, tenant.projectId);
    await remove();
    const { influencerId, jobId } = created;
    const { key } = tenant;
    const at = `${api.url}/v1/influencers/${influencerId}`;
    for (const reply of [
      await call(at, { key }),
      await call(at, { key, method: 'PATCH', body: { vibe: 'x' } }),
      await call(at, { key, method: 'DELETE' }),
      await call(`${at}/clone`, { key, body: { name: 'Clone' } }),
      await call(`${at}/reference-images`, { key, body: { assetIds: [asset] } }),
      await call(`${at}/reference-images/${asset}`, { key, method: 'DELETE' }),
    ]) {
      assertRefused(reply, notFound);
    }
    const list = await read(`/v1/projects/${tenant.projectId}/influencers?limit=100`);
    assert.ok(list.body.items.every((item: { influencerId: string }) => item.influencerId !== influencerId));
    const told = await read(`/v1/jobs/${jobId}`);
    assert.deepEqual([told.status, told.body.status, told.body.result], [200, 'canceled', null]);
    const { body } = await read(`/v1/jobs?influencerId=${influencerId}`);
    assert.deepEqual(
      body.items.map((item: { jobId: string; status: string }) => [item.jobId, item.status]),
      [[jobId, 'canceled']],
    );
  });

  it('does not give its id out again', async () => {
    await remove();
    const reply = await call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, {
      key: tenant.key,
      body: { name: 'Ava', influencerId: created.influencerId },
    });
    assert.deepEqual([reply.status, reply.body.error.code], [409, 'CONFLICT']);
  });

  it('leaves its clones as they are', async () => {
    const clone = await call(`${api.url}/v1/influencers/${created.influencerId}/clone`, {
      key: tenant.key,
      body: { name: 'Clone' },
    });
    const before = await read(`/v1/influencers/${String(clone.body.influencerId)}`);
    await remove();
    assert.deepEqual((await read(`/v1/influencers/${String(clone.body.influencerId)}`)).body, before.body);
    const list = await read(`/v1/projects/${tenant.projectId}/influencers?clonedFrom=${created.influencerId}`);
    assert.equal(list.body.items.length, 1);
  });

  describe('ends its job as canceled, in the same transaction', () => {
    it('while it is queued, so that it is never started', async () => {
      await remove();
      await assertCanceled();
      await api.database('jobs').where({ id: job.jobId }).update({ claimed_until: null });
      const claimed = await claimUndispatched(api.database, 1_000, runningJobsLimits);
      assert.ok(claimed.every(({ jobId }) => jobId !== job.jobId));
    });

    it('while its images are rendered: those that are stay with the job, and nothing comes later', async () => {
      const [first, second, third] = await beginDrawing(run, job);
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      await drawAndRecord(run, job, first);
      const late = await run.drawShot({ ...attemptOf(job), shot: second });
      await remove();
      const ended = await assertCanceled();
      assert.equal(ended.shots.filter(({ status }) => status === 'rendered').length, 1);

      await run.recordShot({ ...attemptOf(job), shot: second, drawn: late });
      await run.failShot({ ...attemptOf(job), shot: third, code: 'RENDER_FAILED' });
      await run.beginShots({ ...attemptOf(job), shots: [third] });
      await assert.rejects(run.drawShot({ ...attemptOf(job), shot: third }), { type: 'CONFLICT', nonRetryable: true });
      assert.equal(await run.copyReferenceMetadata(attemptOf(job)), null);
      await run.publishInfluencer(attemptOf(job));
      await run.failJob({ ...attemptOf(job), error: failure });
      await run.cancelJob(attemptOf(job));
      assert.deepEqual(await stored(), ended);
    });

    it('while it is finalizing', async () => {
      await beginDrawing(run, job);
      await api.database('jobs').where({ id: job.jobId }).update({ stage: 'finalizing' });
      await remove();
      const ended = await assertCanceled();
      await run.publishInfluencer(attemptOf(job));
      assert.deepEqual(await stored(), ended);
    });

    it('and has its workflow canceled, until Temporal took that', async () => {
      await dispatched(api.database, job);
      await remove();
      await assertCanceled();
      await api.database('jobs').where({ id: job.jobId }).update({ cancellation_claimed_until: null });
      assert.deepEqual(await claimCancellations(api.database, 1_000), [attemptOf(job)]);
    });

    it('but not one that has ended: it stays as it is', async () => {
      await complete(run, job);
      const before = await stored();
      const told = await read(`/v1/jobs/${created.jobId}`);
      await remove();
      const after = await stored();
      assert.deepEqual([after.job, after.events], [before.job, before.events]);
      assert.equal(after.influencer.status, 'deleted');
      assert.deepEqual((await read(`/v1/jobs/${created.jobId}`)).body.result, told.body.result);
    });
  });

  describe('at the same time as', () => {
    const ends: Record<string, () => Promise<unknown>> = {
      'its publication': () => run.publishInfluencer(attemptOf(job)),
      'its failure': () => run.failJob({ ...attemptOf(job), error: failure }),
      'its cancellation': () => run.cancelJob(attemptOf(job)),
    };
    for (const [title, end] of Object.entries(ends)) {
      it(`${title}: whichever is first, it is deleted, and its job ends once`, async () => {
        for (let i = 0; i < 12; i++) {
          await anew();
          const [reply] = await Promise.all([remove(), end()]);
          assert.equal(reply.status, 200);
          const now = await stored();
          assert.deepEqual([now.influencer.status, now.influencer.errorMessage], ['deleted', null]);
          assert.notEqual(now.job.status, 'running');
          assertEventsGapless(now);
        }
      });
    }

    it('a drawing that is recorded: it is the job’s image or it is none, and nobody waits for the other', async () => {
      const [first] = await beginDrawing(run, job);
      assert.ok(first !== undefined);
      const drawn = await run.drawShot({ ...attemptOf(job), shot: first });
      await Promise.all([remove(), run.recordShot({ ...attemptOf(job), shot: first, drawn })]);
      const now = await assertCanceled();
      const isRecorded = now.events.some(({ shot }) => shot === first);
      assert.equal(now.shots.find(({ shot }) => shot === first)?.status, isRecorded ? 'rendered' : 'pending');
      assert.equal(now.images.length, isRecorded ? 1 : 0);
    });

    it('a step that holds the job: it waits, and then sees how the job ended', async () => {
      const step = await api.database.transaction();
      const running = await lockRunningJob(step, attemptOf(job));
      assert.ok(running);
      const deletion = remove();
      await until('the deletion waits for the job', async () => {
        const { rows } = await api.database.raw<{ rows: unknown[] }>(
          `select pid from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%for update of j%'`,
        );
        return rows.length > 0;
      });
      // Would wait for the deletion, and it for this, if that had locked the influencer first.
      await moveInfluencer(step, running, 'ready');
      await endJob(step, running, { status: 'completed' }, newId());
      await step.commit();
      assert.equal((await deletion).status, 200);
      const now = await stored();
      assert.deepEqual([now.job.status, now.influencer.status], ['completed', 'deleted']);
      assertEventsGapless(now);
    });

    it('other deletions: one is answered, the others find nothing, and the job ends once', async () => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => remove()));
      const statuses = replies.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, ...Array.from({ length: 11 }, () => 404)]);
      assert.equal((await assertCanceled()).events.length, 2);
    });

    it('changes and clones: none comes after it, and none is caught in a deadlock', async () => {
      for (let round = 0; round < 15; round++) {
        await anew();
        const at = `${api.url}/v1/influencers/${created.influencerId}`;
        const { key } = tenant;
        const [deletion, ...others] = await Promise.all([
          remove(),
          ...Array.from({ length: 9 }, (_, i) => call(at, { key, method: 'PATCH', body: { vibe: String(i) } })),
          ...Array.from({ length: 9 }, (_, i) => call(`${at}/clone`, { key, body: { name: `Clone ${String(i)}` } })),
        ]);
        assert.equal(deletion.status, 200);
        for (const { status } of others) assert.ok([200, 202, 404].includes(status), String(status));
        await assertCanceled();
        assertRefused(await call(at, { key, method: 'PATCH', body: { vibe: 'x' } }), notFound);
      }
    });
  });

  describe('with If-Match', () => {
    it('deletes the version that it names', async () => {
      const etag = (await read(`/v1/influencers/${created.influencerId}`)).headers.get('etag') ?? '';
      assert.equal((await remove({ headers: { 'If-Match': etag } })).status, 200);
    });

    it('refuses another one, and deletes and ends nothing', async () => {
      const before = await stored();
      assertRefused(await remove({ headers: { 'If-Match': '"99-1"' } }), {
        status: 412,
        code: 'PRECONDITION_FAILED',
        message: 'The influencer has another version than If-Match says.',
      });
      assert.deepEqual(await stored(), before);
    });
  });

  it('answers a repeat under one Idempotency-Key as it answered first', async () => {
    const headers = { 'Idempotency-Key': 'delete-1' };
    const first = await remove({ headers });
    const repeat = await remove({ headers });
    assert.deepEqual([repeat.status, repeat.body], [200, first.body]);
    assert.equal(repeat.headers.get('idempotent-replayed'), 'true');
    assertRefused(await remove(), notFound);
  });

  describe('refuses', () => {
    it('what never was', async () => {
      assertRefused(await remove({}, unknownId('influencer')), notFound);
    });

    it('a reason that is too long, or no text, and an unknown field, and deletes nothing', async () => {
      const before = await stored();
      const invalid: [body: unknown, ...rule: [path: string, keyword: string]][] = [
        [{ reason: 'x'.repeat(1025) }, 'body.reason', 'maxLength'],
        [{ reason: null }, 'body.reason', 'type'],
        [{ reason: 'x\0' }, 'body.reason', 'pattern'],
        [{ force: true }, 'body.force', 'additionalProperties'],
        ['null', 'body', 'type'],
      ];
      for (const [body, ...rule] of invalid) {
        const reply = await remove({ body });
        assert.equal(reply.status, 422);
        assert.deepEqual(brokenRulesOf(reply), [rule]);
      }
      assert.deepEqual(await stored(), before);
      assert.equal((await remove({ body: { reason: '🙂'.repeat(1024) } })).status, 200);
    });
  });
});
