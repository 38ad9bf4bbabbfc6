// A request that changes something is one transaction, with its Idempotency-Key where it has one: the effect and the stored reply
// are both there or neither, whatever crashes. A refused request undoes both, so it does not use the key up. One that asks for a job
// is a row of a statement which accepts many; what it stores of the reply is the job.

import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { Knex } from 'knex';
import { takeTurn, type Principal } from '../db/api-keys.ts';
import type { Refusal } from '../db/accept.ts';
import type { AcceptJob } from '../db/acceptor.ts';
import { findUsedKey, storeReply, takeKey, type UsedKey } from '../db/idempotency-keys.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { ApiError, invalid } from '../domain/errors.ts';
import { keyKilled, keyNotValid, requireLiveKey } from './authentication.ts';
import { backlogFull, type Backlog } from './backlog.ts';
import type { EndpointReply, JobRequest } from './define-endpoint.ts';

type Reply = EndpointReply<number, unknown>;

/** A request, as its fingerprint is made of it. */
interface Asked {
  principal: Principal;
  /** The request's body, as it was validated. */
  body: unknown;
}

interface Change extends Asked {
  /** The endpoint's, of which a stored reply says null. */
  secret: string | undefined;
  changesKeys: boolean;
  handle: (trx: Knex) => Promise<Reply>;
}

export type MakeChange = (ctx: Context, change: Change) => Promise<Reply>;

/**
 * Makes changes, each once however often its key comes. Throws `IDEMPOTENCY_CONFLICT` for a key that came with another request.
 */
export function changing(database: Knex): MakeChange {
  const underWay = new Map<string, Promise<Reply>>();
  return async (ctx, change) => {
    const key = idempotencyKeyOf(ctx);
    if (key === null) {
      const reply = await database.transaction(async (trx) => {
        await begin(trx, change);
        return change.handle(trx);
      });
      reply.afterCommit?.();
      return reply;
    }
    // Postgres lets a repeat wait for the first one, wherever that is. If it is in this process, the repeat waits without one
    // of the pool's connections.
    const id = `${change.principal.organizationId} ${key}`;
    await underWay.get(id)?.catch(() => undefined); // whoever sent it is told
    const made = makeOnce(ctx, database, { ...change, key });
    if (underWay.has(id)) return made;
    underWay.set(id, made);
    return made.finally(() => underWay.delete(id));
  };
}

async function begin(trx: Knex, { principal, changesKeys }: Change): Promise<void> {
  if (changesKeys) await takeTurn(trx, principal.organizationId);
  await requireLiveKey(trx, principal);
}

async function makeOnce(ctx: Context, database: Knex, change: Change & { key: string }): Promise<Reply> {
  const { principal, secret, key, handle } = change;
  const { organizationId } = principal;
  const fingerprint = fingerprintOf(ctx, change);
  for (;;) {
    const [made, used] = await database.transaction(async (trx) => {
      await begin(trx, change);
      if (!(await takeKey(trx, { organizationId, key, fingerprint }))) {
        return [undefined, await findUsedKey(trx, organizationId, key)];
      }
      const reply = await handle(trx);
      const { status, location = null, etag = null } = reply;
      const body = secret === undefined ? reply.body : { ...(reply.body as object), [secret]: null };
      await storeReply(trx, { organizationId, key, status, body, location, etag });
      return [reply, undefined];
    });
    if (made !== undefined) {
      made.afterCommit?.();
      return made;
    }
    if (used === undefined) continue; // its 24 hours have just ended
    return repeat(ctx, used, fingerprint);
  }
}

interface Acceptance extends Asked {
  jobRequest: JobRequest<Reply>;
}

export type MakeAcceptance = (ctx: Context, acceptance: Acceptance) => Promise<Reply>;

/** Accepts what requests ask for, each once however often its key comes. Throws as `changing` does. */
export function accepting(database: Knex, acceptJob: AcceptJob, backlog: Backlog): MakeAcceptance {
  return async (ctx, acceptance) => {
    const { principal, jobRequest } = acceptance;
    const { organizationId, apiKeyId, lookup } = principal;
    const key = idempotencyKeyOf(ctx);
    const fingerprint = fingerprintOf(ctx, acceptance);
    const idempotency = key === null ? null : { key, fingerprint: fingerprint.toString('hex') };
    for (;;) {
      const answer = await acceptJob({
        ...jobRequest.job,
        ...{ apiKeyId, lookup, idempotency },
        isBacklogFull: backlog.isFull(),
        queuedLimit: backlog.queuedLimitFor(principal),
      });
      if (typeof answer === 'object') {
        jobRequest.afterCommit(answer);
        return jobRequest.replyTo(answer);
      }
      if (answer !== 'key_used') throw refusalOf(answer, jobRequest);
      const used = await findUsedKey(database, organizationId, key ?? '');
      if (used !== undefined) return repeat(ctx, used, fingerprint, jobRequest);
      // its 24 hours have just ended
    }
  };
}

function refusalOf(answer: Exclude<Refusal, 'key_used'>, jobRequest: JobRequest<Reply>): ApiError {
  switch (answer) {
    case 'key_killed':
      return keyKilled();
    case 'key_gone':
      return keyNotValid();
    case 'backlog_full':
      return backlogFull();
    default:
      return jobRequest.refusalFor(answer);
  }
}

/** The reply of the request that used the key, if this is the same. */
function repeat(ctx: Context, used: UsedKey, fingerprint: Buffer, jobRequest?: JobRequest<Reply>): Reply {
  if (!used.fingerprint.equals(fingerprint)) {
    throw new ApiError('IDEMPOTENCY_CONFLICT', 'This Idempotency-Key came with another request.');
  }
  ctx.set('Idempotent-Replayed', 'true');
  if (used.job !== null) {
    if (jobRequest === undefined) throw new Error('a request that asks for no job is a repeat of one that does');
    return jobRequest.replyTo(used.job);
  }
  const { status, body, location, etag } = used;
  return { status, body, ...(location === null ? {} : { location }), ...(etag === null ? {} : { etag }) };
}

/** HTTP takes away the spaces around a header's value. */
export const idempotencyKeyPattern = '^[!-~]([ -~]{0,253}[!-~])?$';
const keyForm = new RegExp(idempotencyKeyPattern);

function idempotencyKeyOf(ctx: Context): string | null {
  const { 'idempotency-key': key } = ctx.headers;
  if (key === undefined) return null;
  if (typeof key !== 'string' || !keyForm.test(key)) {
    const message = 'must be 1 to 255 printable ASCII characters';
    throw invalid([{ path: 'header.Idempotency-Key', message, keyword: 'pattern' }]);
  }
  return key;
}

/** What makes two requests the same: the order of keys in their JSON does not matter, the API key within its environment neither. */
const fingerprintOf = (ctx: Context, { principal, body }: Asked): Buffer =>
  createHash('sha256')
    .update(canonicalJson([principal.environment, ctx.method, ctx.path, ctx.querystring, body ?? null]))
    .digest();
