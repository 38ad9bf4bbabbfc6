// An endpoint is one object: schema, validation, types and documentation are made from it, and its handler knows no HTTP.

import type { Static, TSchema } from 'typebox';
import type { RequestErrorCode } from '../domain/errors.ts';
import type { RateClass, Scope } from '../domain/scopes.ts';
import type { Principal } from '../db/organizations.ts';

export interface ReplySpec {
  description: string;
  schema: TSchema;
}

/** What the handler gets: everything in it is valid, and ids of the path are UUIDs whatever their spelling was. */
interface EndpointRequest<Params, Body> {
  principal: Principal;
  params: Params;
  body: Body;
}

interface EndpointReply<Status, Body> {
  status: Status;
  body: Body;
  /** Where the thing that was accepted can be read, for the header of that name. */
  location?: string;
  /** The body's version, without quotes; a GET is answered 304 when the caller has it. */
  etag?: string;
}

interface EndpointSpec<Deps, Path, Replies, BodySchema, Params, Body, Reply> {
  method: 'get' | 'post' | 'patch' | 'delete';
  path: Path;
  operationId: string;
  tag: string;
  summary: string;
  description: string;
  scope: Scope;
  rateClass: RateClass;
  body?: BodySchema;
  replies: Replies;
  /** The codes that this endpoint may answer beside those that every route has. */
  errors: readonly RequestErrorCode[];
  handle: (request: EndpointRequest<Params, Body>, deps: Deps) => Promise<Reply>;
}

/** An endpoint as the machine behind it sees it, whatever its own types are. */
export type Endpoint<Deps> = EndpointSpec<
  Deps,
  string,
  Readonly<Record<number, ReplySpec>>,
  TSchema,
  Record<string, string>,
  unknown,
  EndpointReply<number, unknown>
>;

type ParamsIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsIn<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

type ReplyOf<Replies> = {
  [Status in keyof Replies]: Replies[Status] extends { schema: infer Schema extends TSchema }
    ? EndpointReply<Status, Static<Schema>>
    : never;
}[keyof Replies];

type BodyOf<BodySchema> = BodySchema extends TSchema ? Static<BodySchema> : undefined;

/** Ties an endpoint's schemas to its handler's types: a misspelt parameter or field, or an undeclared status, does not compile. */
export const defineEndpoint =
  <Deps>() =>
  <
    const Path extends string,
    const Replies extends Record<number, ReplySpec>,
    BodySchema extends TSchema | undefined = undefined,
  >(
    spec: EndpointSpec<
      Deps,
      Path,
      Replies,
      BodySchema,
      Record<ParamsIn<Path>, string>,
      BodyOf<BodySchema>,
      ReplyOf<Replies>
    >,
  ): Endpoint<Deps> =>
    spec as unknown as Endpoint<Deps>;
