// What flows do through the API, and what must be true of all the jobs that they leave behind.

import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { query } from '../../src/db/database.ts';
import { parseId } from '../../src/domain/ids.ts';
import { thumbnailKeyOf, type Storage } from '../../src/storage/storage.ts';
import { call, type Reply } from './api.ts';
import { eventually, until } from './eventually.ts';

/** An API and a key to it. */
export interface Caller {
  url: string;
  key: string;
}

export const person = {
  name: 'Ava Chen',
  gender: 'female' as const,
  ageRange: '25-34',
  ethnicity: 'East Asian',
  hairColor: 'dark brown',
  vibe: 'warm',
  personality: { traits: ['kind'], tone: 'friendly' },
};

/** Creates a person and waits until it is ready; gives its id. */
export async function createReady({ url, key }: Caller, projectId: string): Promise<string> {
  const { status, body } = await call(`${url}/v1/projects/${projectId}/influencers`, { key, body: person });
  assert.equal(status, 202);
  await untilStatus({ url, key }, `/v1/influencers/${String(body.influencerId)}`, 'ready');
  return body.influencerId as string;
}

/** Reads something until it has this status, and gives it. */
export const untilStatus = (
  { url, key }: Caller,
  where: string,
  wanted: string,
  withinMs = 30_000,
): Promise<Reply['body']> =>
  eventually(
    `${where} is ${wanted}`,
    async () => {
      const { body } = await call(`${url}${where}`, { key });
      if (body.status !== wanted && ['failed', 'canceled'].includes(body.status as string)) {
        assert.fail(`${where} is ${JSON.stringify(body)}`);
      }
      return body.status === wanted ? body : undefined;
    },
    { withinMs, everyMs: 100 },
  );

export const clone = ({ url, key }: Caller, sourceId: string, body: object): Promise<Reply> =>
  call(`${url}/v1/influencers/${sourceId}/clone`, { key, body });

/** Clones so many times at once; every clone must be accepted. Gives the ids of the jobs. */
export async function cloneTimes(caller: Caller, sourceId: string, count: number): Promise<string[]> {
  const replies = await Promise.all(
    Array.from({ length: count }, (_, index) => clone(caller, sourceId, { name: `Clone ${String(index)}` })),
  );
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [202]);
  return replies.map(({ body }) => body.jobId as string);
}

const uuidsOf = (jobIds: readonly string[]) => jobIds.map((id) => parseId('job', id));

export async function countCompleted(database: Knex, jobIds: readonly string[]): Promise<number> {
  const rows = await query(database, `select from jobs where id = any(:ids) and status = 'completed'`, {
    ids: uuidsOf(jobIds),
  });
  return rows.length;
}

export const untilCompleted = (database: Knex, jobIds: readonly string[], withinMs = 60_000): Promise<void> =>
  until(
    `${String(jobIds.length)} jobs are completed`,
    async () => {
      const failed = await query(
        database,
        `select id, status, error from jobs where id = any(:ids) and status not in ('running', 'completed')`,
        { ids: uuidsOf(jobIds) },
      );
      assert.deepEqual(failed, []);
      return (await countCompleted(database, jobIds)) === jobIds.length;
    },
    { withinMs, everyMs: 100 },
  );

/** Waits until some are completed, in the middle of all. */
export const untilInTheMiddle = (database: Knex, jobIds: readonly string[]): Promise<void> =>
  until('some are completed', async () => (await countCompleted(database, jobIds)) >= Math.ceil(jobIds.length / 10), {
    withinMs: 60_000,
  });

/** Each job has ended once, with six images of its own that are stored, an influencer that is ready, and gapless events. */
export async function assertWhole(database: Knex, jobIds: readonly string[], storage: Storage): Promise<void> {
  const rows = await query<{ whole: boolean; storageKeys: string[] }>(
    database,
    `select j.status = 'completed' and f.status = 'ready' and e.numbers = array(select generate_series(1, j.last_seq))
              and e.ends = 1 and i.shots = 6 and i.images = 6 and a.stored = 6 as whole,
            i.storage_keys as "storageKeys"
     from jobs j
     join influencers f on f.organization_id = j.organization_id and f.id = j.influencer_id,
     lateral (select array_agg(seq order by seq) as numbers, count(*) filter (where status <> 'running') as ends
              from job_events where organization_id = j.organization_id and job_id = j.id) e,
     lateral (select count(distinct i.shot) as shots, count(*) as images, array_agg(a.storage_key) as storage_keys
              from influencer_images i join assets a on a.organization_id = i.organization_id and a.id = i.asset_id
              where i.organization_id = j.organization_id and i.influencer_id = j.influencer_id and i.role = 'rendered') i,
     lateral (select count(*) as stored from assets
              where organization_id = j.organization_id and storage_key like '%/' || j.id || '/%') a
     where j.id = any(:ids)`,
    { ids: uuidsOf(jobIds) },
  );
  assert.equal(rows.length, jobIds.length);
  assert.equal(rows.filter(({ whole }) => !whole).length, 0, 'a job is not whole');
  const keys = rows.flatMap(({ storageKeys }) => storageKeys.flatMap((key) => [key, thumbnailKeyOf(key)]));
  assert.equal(new Set(keys).size, jobIds.length * 12);
  for (const key of keys) assert.ok(await storage.sizeOf(key), `${key} is not there, or empty`);
}
