import Router from '@koa/router';
import type { Knex } from 'knex';
import { ApiError } from '../domain/errors.ts';
import { authentication, authorize, type Authenticate } from './authentication.ts';
import type { AcceptJob } from '../db/acceptor.ts';
import { backlogFull, backlogOf } from './backlog.ts';
import { readJson } from './body.ts';
import type { Endpoint, EndpointReply } from './define-endpoint.ts';
import { eventStreams } from './event-streams.ts';
import { accepting, changing } from './idempotency.ts';
import { lastEventIdIn } from './last-event-id.ts';
import { rateLimiting, type RateLimits } from './rate-limits.ts';
import { etagsIn } from './representation.ts';
import { simulationIn } from './simulation.ts';
import { validationOf } from './validation.ts';
import { waitOf } from './waiting.ts';

interface RouteParts {
  acceptJob: AcceptJob;
  queuedJobsMax: number;
  heartbeatMs?: number | undefined;
}

/** Makes routes of the endpoints: who calls, how often, may they, is the request valid, then the handler. */
export function endpointRoutes<Deps extends { database: Knex }>(
  endpoints: readonly Endpoint<Deps>[],
  deps: Deps,
  { acceptJob, queuedJobsMax, heartbeatMs }: RouteParts,
): Router {
  const router = new Router({ strict: true, sensitive: true });
  const limits = rateLimiting(deps.database);
  const backlog = backlogOf(deps.database, queuedJobsMax);
  const change = changing(deps.database);
  const accept = accepting(deps.database, acceptJob, backlog);
  const streams = eventStreams({ heartbeatMs });
  const authenticate = countingFailures(authentication(deps.database), limits);
  for (const endpoint of endpoints) {
    const validate = validationOf(endpoint);
    const { secret, changesKeys = false } = endpoint;
    const isStream = Object.values(endpoint.replies).some(({ isEventStream }) => isEventStream);
    router[endpoint.method](endpoint.path, async (ctx) => {
      const principal = await authenticate(ctx);
      ctx.state.organizationId = principal.organizationId;
      ctx.state.apiKeyId = principal.apiKeyId;
      await limits.count(ctx, principal, endpoint.rateClass);
      if (endpoint.scope !== null) authorize(principal, endpoint.scope);
      const sent = endpoint.body === undefined ? undefined : await readJson(ctx, endpoint.bodyIsOptional ?? false);
      // Not ctx.URL, which is none where the Host header is none.
      const sentQuery = new URLSearchParams(ctx.querystring);
      const { params, query, body } = validate({ path: ctx.params, query: sentQuery, body: sent });
      const needed = endpoint.scopeOf?.({ principal, params }) ?? null;
      if (needed !== null) authorize(principal, needed);
      const expectedVersions = endpoint.takesIfMatch === true ? versionsIn(ctx.headers['if-match']) : null;
      const simulation = endpoint.takesSimulation === true ? simulationIn(ctx, principal) : null;
      const wait = endpoint.canWait === true ? waitOf(ctx) : null;
      const lastEventId = isStream ? lastEventIdIn(ctx) : null;
      const request = { principal, params, query, body, expectedVersions, simulation, wait, lastEventId };
      const replyTo = async (): Promise<EndpointReply<number, unknown>> => {
        if (endpoint.accept !== undefined) {
          return accept(ctx, { principal, body, jobRequest: endpoint.accept(request, deps) });
        }
        const [prepared] = await Promise.allSettled([endpoint.prepare?.(request, deps)]);
        const handle = async (database: Knex) => {
          // Here, where a repeat does not come: its job was accepted already, what it needs may be gone.
          if (endpoint.rateClass === 'long-running' && backlog.isFull()) throw backlogFull();
          if (prepared.status === 'rejected') throw prepared.reason;
          return endpoint.handle({ ...request, prepared: prepared.value }, { ...deps, database });
        };
        if (endpoint.method === 'get') return handle(deps.database);
        return change(ctx, { principal, body, handle, secret, changesKeys });
      };

      ctx.set('Cache-Control', 'no-store');
      const reply = await replyTo();
      if (endpoint.canWait === true) ctx.vary('Prefer');
      if (wait !== null) ctx.set('Preference-Applied', `wait=${String(wait.withinMs / 1000)}`);
      if (reply.location !== undefined) ctx.set('Location', reply.location);
      if (reply.etag !== undefined) {
        ctx.set('ETag', `"${reply.etag}"`);
        // A GET's may be kept, but must be asked for each time.
        if (endpoint.method === 'get') ctx.set('Cache-Control', 'private, no-cache');
      }
      ctx.status = reply.status;
      if (Buffer.isBuffer(reply.body)) ctx.type = 'json';
      if (reply.stream === undefined) ctx.body = reply.body;
      else streams.open(ctx, reply.stream);
    });
  }
  return router;
}

/** Counts failed authentications by address, and refuses an address that guesses. */
const countingFailures =
  (authenticate: Authenticate, limits: RateLimits): Authenticate =>
  async (ctx) => {
    limits.refuseGuesser(ctx);
    try {
      return await authenticate(ctx);
    } catch (error) {
      const isRefused = error instanceof ApiError && ['UNAUTHENTICATED', 'KILL_SWITCH'].includes(error.code);
      if (isRefused) await limits.countFailure(ctx);
      throw error;
    }
  };

/** The versions that `If-Match` names: the hour behind it is that of the URLs, and does not matter. Null without it, or for `*`; an empty one names no version. */
function versionsIn(header: string | undefined): number[] | null {
  if (header === undefined) return null;
  const etags = etagsIn(header);
  if (etags.includes('*')) return null;
  return etags.flatMap((etag) => {
    const [, version] = /^"(\d{1,9})-/.exec(etag) ?? [];
    return version === undefined ? [] : [Number(version)];
  });
}
