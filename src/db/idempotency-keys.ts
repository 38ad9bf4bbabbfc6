import { query, type Trx } from './database.ts';

/** What a request under an Idempotency-Key was answered. */
export interface StoredReply {
  fingerprint: Buffer;
  status: number;
  body: unknown;
  location: string | null;
  etag: string | null;
}

/**
 * Takes a key for this transaction; gives false when it is used. Waits for a transaction that is just using it: if that one is
 * undone, the key is free. A key is forgotten after 24 hours.
 */
export async function takeKey(
  trx: Trx,
  { organizationId, key, fingerprint }: { organizationId: string; key: string; fingerprint: Buffer },
): Promise<boolean> {
  const rows = await query(
    trx,
    `insert into idempotency_keys (organization_id, key, fingerprint) values (:organizationId, :key, :fingerprint)
     on conflict (organization_id, key) do update
     set fingerprint = excluded.fingerprint, status = null, body = null, location = null, etag = null, created_at = now()
     where idempotency_keys.created_at < now() - interval '24 hours'
     returning key`,
    { organizationId, key, fingerprint },
  );
  return rows.length === 1;
}

/** Stores the reply to the request that took the key. */
export async function storeReply(
  trx: Trx,
  { organizationId, key, ...reply }: { organizationId: string; key: string } & Omit<StoredReply, 'fingerprint'>,
): Promise<void> {
  await query(
    trx,
    `update idempotency_keys set status = :status, body = :body::json, location = :location, etag = :etag
     where organization_id = :organizationId and key = :key`,
    { organizationId, key, ...reply, body: JSON.stringify(reply.body) },
  );
}

/** Finds the reply under a used key; undefined when it has been forgotten since. */
export async function findReply(trx: Trx, organizationId: string, key: string): Promise<StoredReply | undefined> {
  const rows = await query<StoredReply>(
    trx,
    `select fingerprint, status, body, location, etag from idempotency_keys
     where organization_id = :organizationId and key = :key and status is not null`,
    { organizationId, key },
  );
  return rows[0];
}

/** Forgets some keys that are older than 24 hours, and gives how many. */
export async function forgetIdempotencyKeys(trx: Trx, limit: number): Promise<number> {
  const rows = await query(
    trx,
    `delete from idempotency_keys where (organization_id, key) in (
       select organization_id, key from idempotency_keys
       where created_at < now() - interval '24 hours'
       order by created_at limit :limit for update skip locked
     ) and created_at < now() - interval '24 hours'
     returning key`,
    { limit },
  );
  return rows.length;
}
