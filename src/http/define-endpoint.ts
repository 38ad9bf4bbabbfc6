// An endpoint is one object: schema, validation, types and documentation are made from it, and its handler knows no HTTP.

import type { Static, TSchema } from 'typebox';
import type { ApiError, RequestErrorCode } from '../domain/errors.ts';
import type { RateClass, Scope } from '../domain/scopes.ts';
import type { AcceptedJob, JobRefusal, NewClone, NewCreation } from '../db/accept.ts';
import type { Principal } from '../db/api-keys.ts';
import type { AcceptedReply } from '../db/idempotency-keys.ts';
import type { Simulation } from '../domain/simulation.ts';
import type { StartStream } from './event-streams.ts';
import type { Json } from './json.ts';
import type { Wait } from './waiting.ts';

export interface ReplySpec {
  description: string;
  /** Without it there is no body. */
  schema?: TSchema;
  /** Whether the body is a stream of events; `schema` is that of each one's data. */
  isEventStream?: true;
  /** Whether it comes with an `ETag`, so that it can be asked for with `If-None-Match`. */
  hasEtag?: true;
  /** Whether it comes with a `Location`; a 202 always does. */
  hasLocation?: true;
}

/** What the handler gets: everything in it is valid, and ids of the path are UUIDs whatever their spelling was. */
interface EndpointRequest<Params, Query, Body> {
  principal: Principal;
  params: Params;
  query: Query;
  body: Body;
  /** The trouble that the caller rehearses with its job; null for none. */
  simulation: Simulation | null;
  /** The versions that `If-Match` names; null where the caller does not care. */
  expectedVersions: number[] | null;
  /** How long the caller lets the answer wait; null where it does not, or the endpoint cannot. */
  wait: Wait | null;
  /** Up to which event the caller has a stream's; null where it has none, or it is no stream. */
  lastEventId: number | null;
}

export interface EndpointReply<Status, Body> {
  status: Status;
  body: Body;
  /** Where the thing that was accepted or made can be read, for the header of that name. */
  location?: string;
  /** The body's version, without quotes; a GET is answered 304 when the caller has it. */
  etag?: string;
  /** Begins to write the events, where the reply is a stream of them; `body` is then undefined. */
  stream?: StartStream;
  /** What is to happen once the effect is committed, and not when the reply is only repeated. */
  afterCommit?: () => void;
}

/** A job that a request asks for. */
export interface JobRequest<Reply> {
  job: NewClone | NewCreation;
  /** The reply to the request, and to each repeat of it. */
  replyTo: (accepted: AcceptedReply) => Reply;
  refusalFor: (refusal: JobRefusal) => ApiError;
  /** Happens once, when it has been accepted. */
  afterCommit: (accepted: AcceptedJob) => void;
}

interface EndpointFacts<Path, Replies, QuerySchema, BodySchema, Params> {
  method: 'get' | 'post' | 'patch' | 'delete';
  path: Path;
  operationId: string;
  tag: string;
  summary: string;
  description: string;
  /** What this very request needs beside `scope`; null for nothing. Asked before a repeat is answered, too. */
  scopeOf?: (request: { principal: Principal; params: Params }) => Scope | null;
  /** Null where any valid key may. */
  scope: Scope | null;
  rateClass: RateClass;
  query?: QuerySchema;
  body?: BodySchema;
  /** Whether the body may be left out; it is then undefined. */
  bodyIsOptional?: true;
  /** Whether it starts a job with which trouble may be rehearsed, by `X-Doppel-Simulate`. */
  takesSimulation?: true;
  /** Whether `If-Match` is honoured. */
  takesIfMatch?: true;
  /** Whether `Prefer: wait=N` is honoured. */
  canWait?: true;
  replies: Replies;
  /** The codes that this endpoint may answer beside those that every route has. */
  errors: readonly RequestErrorCode[];
  /** The name of a field of the reply that is shown once: a repeat under the same Idempotency-Key says null. */
  secret?: string;
  /** Whether it changes API keys: such requests of one organization take turns, see `takeTurn`. */
  changesKeys?: true;
}

/** What an endpoint does. */
type Deed<Request, Deps, Reply, Prepared> =
  | {
      /**
       * Slow work for `handle`, done before its transaction, which then holds no connection meanwhile. It writes no row, and no object
       * that is not collected where `handle` does not name it. What it throws is the answer, unless the request is a repeat.
       */
      prepare?: (request: Request, deps: Deps) => Promise<Prepared>;
      /** Writes through `deps.database` alone, which is one transaction with the idempotency key: what it throws undoes it all. */
      handle: (request: Request & { prepared: Prepared }, deps: Deps) => Promise<Reply>;
      accept?: never;
    }
  | {
      /** Says what job is asked for; it is accepted together with those of other requests. */
      accept: (request: Request, deps: Deps) => JobRequest<Reply>;
      prepare?: never;
      handle?: never;
    };

type EndpointSpec<Deps, Path, Replies, QuerySchema, BodySchema, Params, Query, Body, Reply, Prepared> = EndpointFacts<
  Path,
  Replies,
  QuerySchema,
  BodySchema,
  Params
> &
  Deed<EndpointRequest<Params, Query, Body>, Deps, Reply, Prepared>;

/** An endpoint as the machine behind it sees it, whatever its own types are. */
export type Endpoint<Deps> = EndpointSpec<
  Deps,
  string,
  Readonly<Record<number, ReplySpec>>,
  TSchema,
  TSchema,
  Record<string, string>,
  unknown,
  unknown,
  EndpointReply<number, unknown>,
  unknown
>;

type ParamsIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsIn<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

type ReplyOf<Replies> = {
  [Status in keyof Replies]: Replies[Status] extends { isEventStream: true }
    ? EndpointReply<Status, undefined> & { stream: StartStream }
    : Replies[Status] extends { schema: infer Schema extends TSchema }
      ? EndpointReply<Status, Static<Schema> | Json<Static<Schema>>>
      : EndpointReply<Status, undefined>;
}[keyof Replies];

type ValueOf<Schema> = Schema extends TSchema ? Static<Schema> : undefined;

/** Ties an endpoint's schemas to its handler's types: a misspelt parameter or field, or an undeclared status, does not compile. */
export const defineEndpoint =
  <Deps>() =>
  <
    const Path extends string,
    const Replies extends Record<number, ReplySpec>,
    QuerySchema extends TSchema | undefined = undefined,
    BodySchema extends TSchema | undefined = undefined,
    IsOptional extends true | undefined = undefined,
    Prepared = undefined,
  >(
    spec: EndpointSpec<
      Deps,
      Path,
      Replies,
      QuerySchema,
      BodySchema,
      Record<ParamsIn<Path>, string>,
      ValueOf<QuerySchema>,
      ValueOf<BodySchema> | (IsOptional extends true ? undefined : never),
      ReplyOf<Replies>,
      Prepared
    > & { bodyIsOptional?: IsOptional },
  ): Endpoint<Deps> =>
    spec as unknown as Endpoint<Deps>;
