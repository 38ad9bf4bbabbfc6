// What holds wherever Doppel runs: with all in one process, and as it runs in production. To be called within a `describe`.

import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import { DoppelClient, DoppelError, type Job } from '../../src/client/index.ts';
import { formatId } from '../../src/domain/ids.ts';
import { shots } from '../../src/domain/shots.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { call, createTenant, type Tenant } from '../support/api.ts';
import { assertWhole, clone, createReady, person, untilCompleted, untilStatus, type Caller } from '../support/flows.ts';

export interface Deployment {
  url: string;
  database: Knex;
  storage: Storage;
}

interface Image {
  assetId: string;
  url: string;
  thumbnailUrl: string;
  shot: string;
}

async function assertOpensAs(url: string, edge: number): Promise<void> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'image/webp');
  const { format, width, height } = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
  assert.deepEqual([format, width, height], ['webp', edge, edge]);
}

export function flowsOf(deployment: () => Deployment): void {
  let tenant: Tenant;
  let caller: Caller;
  let client: DoppelClient;

  before(async () => {
    const { url, database } = deployment();
    tenant = await createTenant(database);
    caller = { url, key: tenant.key };
    client = new DoppelClient({ baseUrl: url, apiKey: tenant.key });
  });

  const read = (where: string) => call(`${caller.url}${where}`, { key: caller.key });

  it('a created one becomes ready, with six images whose URLs open', async () => {
    const influencerId = await createReady(caller, tenant.projectId);
    const { body } = await read(`/v1/influencers/${influencerId}`);
    const images = body.referenceImages as Image[];
    assert.deepEqual(
      images.map(({ shot }) => shot),
      shots,
    );
    for (const { url, thumbnailUrl } of images) {
      await assertOpensAs(url, 1024);
      await assertOpensAs(thumbnailUrl, 256);
    }
    const hashes = await Promise.all(
      images.map(async ({ url }) => Buffer.from(await (await fetch(url)).arrayBuffer()).toString('base64')),
    );
    assert.equal(new Set(hashes).size, 6, 'two shots are the same picture');
  });

  it('a clone gets its source’s identity, project and images’ metadata, the overrides, and images of its own', async () => {
    const sourceId = await createReady(caller, tenant.projectId);
    const { body: source } = await read(`/v1/influencers/${sourceId}`);
    const accepted = await clone(caller, sourceId, {
      name: 'Ava Chen (EU)',
      overrides: { vibe: 'sharper, more deadpan' },
    });
    assert.equal(accepted.status, 202);
    const atOnce = await read(`/v1/influencers/${String(accepted.body.influencerId)}`);
    assert.equal(atOnce.status, 200);
    assert.ok(['pending', 'training', 'ready'].includes(atOnce.body.status as string));

    const job = await untilStatus(caller, accepted.body.locationUrl as string, 'completed');
    assert.equal(job.progress, 1);
    assert.equal(job.images.rendered, 6);
    const { body } = await read(`/v1/influencers/${String(accepted.body.influencerId)}`);
    assert.equal(body.status, 'ready');
    assert.equal(body.projectId, source.projectId);
    assert.deepEqual(
      { ...person, name: body.name, vibe: body.vibe },
      { ...person, name: 'Ava Chen (EU)', vibe: 'sharper, more deadpan' },
    );
    for (const field of ['gender', 'ageRange', 'ethnicity', 'hairColor', 'personality']) {
      assert.deepEqual(body[field], source[field], field);
    }
    assert.deepEqual(
      (body.attributes.referenceImages as Image[]).map(({ assetId, shot }) => [assetId, shot]),
      (source.referenceImages as Image[]).map(({ assetId, shot }) => [assetId, shot]),
    );
    assert.equal(body.attributes.clonedFrom.influencerId, sourceId);
    const own = body.referenceImages as Image[];
    assert.equal(own.length, 6);
    for (const { url } of own) await assertOpensAs(url, 1024);
    const sourceAssets = (source.referenceImages as Image[]).map(({ assetId }) => assetId);
    assert.ok(own.every(({ assetId }) => !sourceAssets.includes(assetId)));
  });

  it('of 20 clones at once, 5 of them with one id, 16 are made, each once and whole', async () => {
    const { database, storage } = deployment();
    const sourceId = await createReady(caller, tenant.projectId);
    const newInfluencerId = formatId('influencer', newId());
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        clone(caller, sourceId, { name: `Clone ${String(index)}`, ...(index % 4 === 0 && { newInfluencerId }) }),
      ),
    );
    const accepted = replies.filter(({ status }) => status === 202);
    assert.deepEqual([accepted.length, replies.filter(({ status }) => status === 409).length], [16, 4]);
    const jobIds = accepted.map(({ body }) => body.jobId as string);
    await untilCompleted(database, jobIds, 90_000);
    await assertWhole(database, jobIds, storage);
  }).timeout(120_000);

  it('a job that is canceled ends so, and a retry makes it whole', async () => {
    const { jobId } = await client.influencers.create(tenant.projectId, person);
    await client.jobs.cancel(jobId);
    assert.equal((await client.jobs.wait(jobId)).status, 'canceled');
    await client.jobs.retry(jobId);
    const { status, attempt, images, result } = await client.jobs.wait(jobId);
    assert.deepEqual([status, attempt, images.rendered, result?.referenceImages.length], ['completed', 2, 6, 6]);
  });

  it('a program creates, waits, clones, waits, lists, changes what it has read, and deletes', async () => {
    const signal = AbortSignal.timeout(30_000);
    const states: Job[] = [];
    const created = await client.influencers.create(tenant.projectId, person);
    const creation = await client.jobs.wait(created, { signal, onChange: (job) => states.push(job) });
    assert.equal(creation.status, 'completed');
    assert.equal(creation.result?.referenceImages.length, 6);
    assert.deepEqual(states.at(-1), creation);

    const accepted = await client.influencers.clone(created.influencerId, { name: 'Eva', overrides: { vibe: 'dry' } });
    assert.equal((await client.jobs.wait(accepted.jobId, { signal })).status, 'completed');
    const clone = await client.influencers.get(accepted.influencerId);
    assert.deepEqual([clone.status, clone.vibe, clone.hairColor], ['ready', 'dry', person.hairColor]);

    const names: string[] = [];
    for await (const { name } of client.influencers.list(tenant.projectId, { clonedFrom: created.influencerId })) {
      names.push(name);
    }
    assert.deepEqual(names, ['Eva']);

    const changed = await client.influencers.update(clone.influencerId, { vibe: 'drier' }, { ifMatch: clone.etag });
    const late = client.influencers.delete(clone.influencerId, { ifMatch: clone.etag });
    await assert.rejects(
      late,
      (error: unknown) => error instanceof DoppelError && error.code === 'PRECONDITION_FAILED',
    );
    await client.influencers.delete(clone.influencerId, { ifMatch: changed.etag });
    const gone = client.influencers.get(clone.influencerId);
    await assert.rejects(gone, (error: unknown) => error instanceof DoppelError && error.code === 'NOT_FOUND');
  });
}
