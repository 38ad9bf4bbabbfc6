import { query, type Trx } from './database.ts';

/** A key is forgotten after this time. */
const forgottenSql = `idempotency_keys.created_at < now() - interval '24 hours'`;

/** Whether a key that is there is used. */
export const isUsedSql = `not ${forgottenSql}`;

/** Takes keys that are inserted, where they are new or forgotten: only those are returned. */
export const takeOverSql = `on conflict (organization_id, key) do update
  set fingerprint = excluded.fingerprint, job_id = excluded.job_id, status = null, body = null, location = null, etag = null,
      created_at = now()
  where ${forgottenSql}`;

/** What the reply tells of a job that was accepted under a key: the same whenever it is repeated. */
export interface AcceptedReply {
  jobId: string;
  influencerId: string;
  projectId: string;
  startedAt: Date;
}

/** What a request under an Idempotency-Key was answered. */
interface StoredReply {
  status: number;
  body: unknown;
  location: string | null;
  etag: string | null;
}

/** What a used key stands for: a reply, or the job that was accepted under it. */
export type UsedKey = { fingerprint: Buffer } & ((StoredReply & { job: null }) | { job: AcceptedReply });

/**
 * Takes a key for this transaction; gives false when it is used. Waits for a transaction that is just using it: if that one is
 * undone, the key is free.
 */
export async function takeKey(
  trx: Trx,
  { organizationId, key, fingerprint }: { organizationId: string; key: string; fingerprint: Buffer },
): Promise<boolean> {
  const rows = await query(
    trx,
    `insert into idempotency_keys (organization_id, key, fingerprint) values (:organizationId, :key, :fingerprint)
     ${takeOverSql}
     returning key`,
    { organizationId, key, fingerprint },
  );
  return rows.length === 1;
}

/** Stores the reply to the request that took the key. */
export async function storeReply(
  trx: Trx,
  { organizationId, key, ...reply }: { organizationId: string; key: string } & StoredReply,
): Promise<void> {
  await query(
    trx,
    `update idempotency_keys set status = :status, body = :body::json, location = :location, etag = :etag
     where organization_id = :organizationId and key = :key`,
    { organizationId, key, ...reply, body: JSON.stringify(reply.body) },
  );
}

/** Finds what a used key stands for; undefined when it has been forgotten since. */
export async function findUsedKey(trx: Trx, organizationId: string, key: string): Promise<UsedKey | undefined> {
  const [row] = await query<{ fingerprint: Buffer } & StoredReply & (AcceptedReply | { jobId: null })>(
    trx,
    `select k.fingerprint, k.status, k.body, k.location, k.etag, j.id as "jobId", j.influencer_id as "influencerId",
            j.project_id as "projectId", j.started_at as "startedAt"
     from idempotency_keys k left join jobs j on j.organization_id = k.organization_id and j.id = k.job_id
     where k.organization_id = :organizationId and k.key = :key and (k.status is not null or k.job_id is not null)`,
    { organizationId, key },
  );
  if (row === undefined) return undefined;
  const { fingerprint, status, body, location, etag, ...job } = row;
  return job.jobId === null ? { fingerprint, status, body, location, etag, job: null } : { fingerprint, job };
}

/** Forgets some keys that are older than 24 hours, and gives how many. */
export async function forgetIdempotencyKeys(trx: Trx, limit: number): Promise<number> {
  const rows = await query(
    trx,
    `delete from idempotency_keys where (organization_id, key) in (
       select organization_id, key from idempotency_keys
       where ${forgottenSql}
       order by created_at limit :limit for update skip locked
     ) and ${forgottenSql}
     returning key`,
    { limit },
  );
  return rows.length;
}
