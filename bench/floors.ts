// What the machine can do at most: the same rows and the same reads with nothing around them.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { shots } from '../src/domain/shots.ts';
import { writeScript, type Bench } from './bench.ts';
import { clone, type Source } from './source.ts';

/** The rows of an accepted clone in one statement, copied from its source: what ours writes. Parameters are SQL expressions. */
export const cloneSql = (
  { organizationId, influencerId }: Source,
  { key, name, overrides }: Record<'key' | 'name' | 'overrides', string>,
): string =>
  `with ids as materialized (select uuidv7() as influencer_id, uuidv7() as job_id, uuidv7() as event_id),
   source as materialized (
     select organization_id, environment, project_id, id, seed, identity || ${overrides} as identity, name as source_name
     from influencers where organization_id = '${organizationId}' and id = '${influencerId}'
   ),
   idempotency_key as (
     insert into idempotency_keys (organization_id, key, fingerprint, job_id)
     select organization_id, ${key}, sha256(seed::bytea), job_id from source, ids
   ),
   influencer as (
     insert into influencers (organization_id, id, environment, project_id, source_influencer_id, job_id, name, identity,
                              attributes, seed, status)
     select organization_id, influencer_id, environment, project_id, id, job_id, ${name}, identity,
            jsonb_build_object('clonedFrom', jsonb_build_object(
              'influencerId', id, 'name', source_name, 'clonedAt', now()::timestamptz(3))),
            seed, 'pending'
     from source, ids
   ),
   job as (
     insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input)
     select organization_id, job_id, environment, project_id, influencer_id, 'influencer_create', 'illustrated',
            '{${shots.join(',')}}', jsonb_build_object('identity', identity, 'seed', seed, 'startingImages', '[]'::jsonb)
     from source, ids
   ),
   event as (
     insert into job_events (organization_id, job_id, seq, id, type, status, stage, progress, attempt)
     select organization_id, job_id, 1, event_id, 'job.accepted', 'running', 'queued', 0, 1 from source, ids
   )
   select job_id as "jobId", influencer_id as "influencerId" from ids`;

/** F1: commits of that statement a second, by pgbench. */
export async function commitsPerSecond(
  bench: Pick<Bench, 'folder' | 'databaseUrl'>,
  source: Source,
  { callers, seconds }: { callers: number; seconds: number },
): Promise<number> {
  const literal = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "''")}'`;
  const statement = cloneSql(source, {
    key: 'gen_random_uuid()::text',
    name: `'${clone.name}'`,
    overrides: `${literal(clone.overrides)}::jsonb`,
  });
  const script = await writeScript(bench, 'clone.sql', `${statement.replaceAll(/\s+/g, ' ')};\n`);
  const { stdout } = await promisify(execFile)(await findPgbench(), [
    ...['--no-vacuum', '--protocol', 'prepared', '--client', String(callers), '--time', String(seconds)],
    ...['--file', script, bench.databaseUrl],
  ]);
  // Where many begin at once, a second of warm-up is over before the first of them is done.
  if (/^number of transactions actually processed: 0\b/m.test(stdout)) return 0;
  const [, rate] = /^tps = ([\d.]+) /m.exec(stdout) ?? [];
  const [, failed] = /^number of failed transactions: (\d+)/m.exec(stdout) ?? [];
  if (rate === undefined || failed !== '0') throw new Error(`pgbench says:\n${stdout}`);
  return Number(rate);
}

/** On PATH, or where Debian keeps what comes with each version. */
async function findPgbench(): Promise<string> {
  const find = 'command -v pgbench || ls /usr/lib/postgresql/*/bin/pgbench';
  const { stdout } = await promisify(execFile)('sh', ['-c', find]).catch((error: unknown) => {
    throw new Error('pgbench is not installed: Debian has it in postgresql-contrib.', { cause: error });
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}
