import type { Environment } from '../domain/influencer.ts';
import type { Scope, Tier } from '../domain/scopes.ts';
import { query, type Trx } from './database.ts';

/** Who calls: what a valid key stands for. */
export interface Principal {
  organizationId: string;
  organizationName: string;
  apiKeyId: string;
  /** The part of the key that is no secret; a rotation makes another one. */
  lookup: string;
  environment: Environment;
  scopes: Scope[];
  tier: Tier;
}

/** A killed key is told so; one that is deleted, rotated or expired is as if it had never been. */
export type KeyState = 'live' | 'killed' | 'gone';

/** A row's state. */
export const keyStateSql = `case
  when deleted_at is not null or expires_at <= now() then 'gone'
  when killed_at is not null then 'killed'
  else 'live' end`;

/** Where the processes that have watchers hear that a key was changed: its id. */
export const apiKeysChannel = 'api_keys';

export type FoundKey = Principal & { secretSha256: Buffer; state: KeyState };

/** Finds a key by the part of it that is no secret, in all organizations: who calls is not known before. */
export async function findApiKey(trx: Trx, lookup: string): Promise<FoundKey | undefined> {
  const rows = await query<FoundKey>(
    trx,
    `select k.organization_id as "organizationId", o.name as "organizationName", k.id as "apiKeyId", k.lookup,
            k.environment, k.scopes, o.tier, k.secret_sha256 as "secretSha256", ${keyStateSql} as state
     from api_keys k join organizations o on o.id = k.organization_id
     where k.lookup = :lookup`,
    { lookup },
  );
  return rows[0];
}

/** How keys stand, by the part of them that is no secret, and how long they live yet; those that are not there are gone. */
export async function findKeyStates(
  trx: Trx,
  lookups: readonly string[],
): Promise<Map<string, { state: KeyState; expiresInMs: number | null }>> {
  const rows = await query<{ lookup: string; state: KeyState; expiresInMs: number | null }>(
    trx,
    `select lookup, ${keyStateSql} as state, extract(epoch from expires_at - now())::float8 * 1000 as "expiresInMs"
     from api_keys where lookup = any(:lookups)`,
    { lookups: [...lookups] },
  );
  return new Map(rows.map(({ lookup, ...found }) => [lookup, found]));
}

// Locks on rows are not fair: who comes to share one goes before who waits to change it, so that a key which is busy all the
// time could not be killed for seconds. Advisory locks are granted in the order in which they were asked for.
/** Of a key, by an SQL expression for its id as text. */
export const keyLockSql = (id: string): string => `hashtextextended(${id}, 0)`;

/**
 * Looks at a key's state again, inside the transaction that stores something, and holds it until that ends: a kill, rotation
 * or deletion waits for what is under way, and once it is answered nothing more is stored with the old key.
 */
export async function holdKey(trx: Trx, { organizationId, apiKeyId, lookup }: Principal): Promise<KeyState> {
  const rows = await query<{ state: KeyState }>(
    trx,
    // `for share` is what makes this see the key as it is after the wait, and not as it was when the statement began.
    `with turn as materialized (select pg_advisory_xact_lock_shared(${keyLockSql(':id')}))
     select ${keyStateSql} as state from turn, api_keys
     where organization_id = :organizationId and id = :id and lookup = :lookup
     for share of api_keys`,
    { organizationId, id: apiKeyId, lookup },
  );
  return rows[0]?.state ?? 'gone';
}

/** Waits until nobody holds the key (see `holdKey`), and keeps it from being held until the transaction ends. */
async function withholdKey(trx: Trx, { id }: OwnedKey): Promise<void> {
  await query(trx, `select pg_advisory_xact_lock(${keyLockSql(':id')})`, { id });
}

export interface NewApiKey {
  organizationId: string;
  id: string;
  name: string;
  environment: Environment;
  scopes: readonly Scope[];
  lookup: string;
  secretSha256: Buffer;
  expiresAt?: Date | undefined;
}

/** A key as its organization sees it. */
export interface ApiKeyRow {
  id: string;
  name: string;
  environment: Environment;
  scopes: Scope[];
  lookup: string;
  state: 'live' | 'killed' | 'expired';
  createdAt: Date;
  expiresAt: Date | null;
  rotatedAt: Date | null;
  killedAt: Date | null;
}

const columns = `id, name, environment, scopes, lookup, created_at as "createdAt", expires_at as "expiresAt",
  rotated_at as "rotatedAt", killed_at as "killedAt",
  case when expires_at <= now() then 'expired' when killed_at is not null then 'killed' else 'live' end as state`;

const undeleted = 'organization_id = :organizationId and id = :id and deleted_at is null';

interface OwnedKey {
  organizationId: string;
  id: string;
}

/** How many keys of an organization live: rates are a key's, so who may have any number of keys has no rate. */
export async function countLiveKeys(trx: Trx, organizationId: string): Promise<number> {
  const rows = await query<{ count: number }>(
    trx,
    `select count(*)::integer as count from api_keys where organization_id = :organizationId and ${keyStateSql} = 'live'`,
    { organizationId },
  );
  return rows[0]?.count ?? 0;
}

/** Stores a key. */
export async function insertApiKey(trx: Trx, key: NewApiKey): Promise<ApiKeyRow> {
  const rows = await query<ApiKeyRow>(
    trx,
    `insert into api_keys (organization_id, id, name, environment, lookup, secret_sha256, scopes, expires_at)
     values (:organizationId, :id, :name, :environment, :lookup, :secretSha256, :scopes, :expiresAt)
     returning ${columns}`,
    { ...key, scopes: [...key.scopes], expiresAt: key.expiresAt ?? null },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an inserted key was not returned');
  return row;
}

/**
 * Makes whoever changes keys of an organization wait for one another. Each holds its own key (see `holdKey`) while it changes
 * another one, so that two of them would wait for each other; and which key is the last of its kind must not change meanwhile.
 */
export async function takeTurn(trx: Trx, organizationId: string): Promise<void> {
  // The weakest lock that two of them cannot have: rows that refer to the organization are stored meanwhile.
  await query(trx, 'select from organizations where id = :organizationId for no key update', { organizationId });
}

/** Finds a key that is not deleted. */
export async function findOwnKey(trx: Trx, key: OwnedKey): Promise<ApiKeyRow | undefined> {
  const rows = await query<ApiKeyRow>(trx, `select ${columns} from api_keys where ${undeleted}`, { ...key });
  return rows[0];
}

/** Lists keys of both environments from the newest on, behind `after` where that is given. */
export async function listOwnKeys(
  trx: Trx,
  list: { organizationId: string; after: { at: Date; id: string } | null; limit: number },
): Promise<ApiKeyRow[]> {
  const { after, ...bindings } = list;
  return query<ApiKeyRow>(
    trx,
    `select ${columns} from api_keys
     where organization_id = :organizationId and deleted_at is null ${after === null ? '' : 'and (created_at, id) < (:at, :id)'}
     order by created_at desc, id desc limit :limit`,
    { ...bindings, ...after },
  );
}

/** Tells whether a key other than this one lives and may administrate keys. */
export async function hasOtherAdmin(trx: Trx, key: OwnedKey): Promise<boolean> {
  const rows = await query(
    trx,
    `select from api_keys
     where organization_id = :organizationId and id <> :id and 'org:admin' = any(scopes) and ${keyStateSql} = 'live' limit 1`,
    { ...key },
  );
  return rows.length === 1;
}

/** Gives a key another secret; like all that follow, waits for what is under way with the old one. */
export const rotateKey = (
  trx: Trx,
  key: OwnedKey & { lookup: string; secretSha256: Buffer },
): Promise<ApiKeyRow | undefined> =>
  changeKey(trx, 'lookup = :lookup, secret_sha256 = :secretSha256, rotated_at = now()', key);

/** Kills a key; one that is killed already keeps its time. */
export const killKey = (trx: Trx, key: OwnedKey): Promise<ApiKeyRow | undefined> =>
  changeKey(trx, 'killed_at = coalesce(killed_at, now())', key);

/** Deletes a key and gives when; undefined when there is none. */
export async function deleteKey(trx: Trx, key: OwnedKey): Promise<Date | undefined> {
  await withholdKey(trx, key);
  const rows = await query<{ deletedAt: Date }>(
    trx,
    `update api_keys set deleted_at = now() where ${undeleted} returning deleted_at as "deletedAt"`,
    { ...key },
  );
  await announceKey(trx, key);
  return rows[0]?.deletedAt;
}

async function changeKey(trx: Trx, changes: string, key: OwnedKey): Promise<ApiKeyRow | undefined> {
  await withholdKey(trx, key);
  const sql = `update api_keys set ${changes} where ${undeleted} returning ${columns}`;
  const rows = await query<ApiKeyRow>(trx, sql, { ...key });
  await announceKey(trx, key);
  return rows[0];
}

/** Lets those that read with a key hear of its change, once it is committed. */
async function announceKey(trx: Trx, { id }: OwnedKey): Promise<void> {
  await query(trx, `select pg_notify('${apiKeysChannel}', :id)`, { id });
}
