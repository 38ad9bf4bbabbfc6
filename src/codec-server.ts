// A codec server for Temporal's UI and command line, which show what Temporal keeps encrypted to those who may read it
// (https://docs.temporal.io/codec-server).

import { createHash, timingSafeEqual } from 'node:crypto';
import Router from '@koa/router';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Context } from 'koa';
import Type, { type Static } from 'typebox';
import { ApiError, invalid } from './domain/errors.ts';
import { UndecryptablePayload } from './temporal/payload-codec.ts';
import { readJson } from './http/body.ts';

/** Payloads as protobuf's JSON has them: bytes are base64. */
const payloadsSchema = Type.Object({
  payloads: Type.Array(
    Type.Object({
      metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
      data: Type.Optional(Type.String()),
    }),
    { maxItems: 10_000 },
  ),
});
type JsonPayload = Static<typeof payloadsSchema>['payloads'][number];

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const mapped = <From, To>(record: Record<string, From> | null | undefined, change: (value: From) => To) =>
  Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, change(value)]));

const fromJson = ({ metadata, data }: JsonPayload): Payload => ({
  metadata: mapped(metadata, (value) => Buffer.from(value, 'base64')),
  data: Buffer.from(data ?? '', 'base64'),
});
const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: mapped(metadata, base64),
  data: base64(data ?? new Uint8Array()),
});

const isPayloads = new Ajv2020({ strict: true }).compile<Static<typeof payloadsSchema>>(payloadsSchema);

async function readPayloads(ctx: Context): Promise<Payload[]> {
  const body = await readJson(ctx, false);
  if (isPayloads(body)) return body.payloads.map(fromJson);
  const [error] = isPayloads.errors ?? [];
  const path = `body${(error?.instancePath ?? '').replaceAll('/', '.')}`;
  throw invalid([{ path, message: error?.message ?? 'is not valid', keyword: error?.keyword ?? '' }]);
}

/** What a browser or the command line of Temporal authenticates with: the token, as a Bearer token or as the password of anybody. */
function tokenIn(ctx: Context): string {
  const [, scheme = '', credentials = ''] = /^(bearer|basic) +(.*)$/i.exec(ctx.get('Authorization')) ?? [];
  if (scheme.toLowerCase() !== 'basic') return credentials;
  const text = Buffer.from(credentials, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** `POST /decode` and `POST /encode`, for who has the token; `GET /` has a browser ask for it, and sends it along from then on. */
export function codecRoutes(codec: PayloadCodec, token: string): Router {
  const wanted = hashOf(token);
  const router = new Router({ strict: true, sensitive: true });
  router.use((ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    if (timingSafeEqual(hashOf(tokenIn(ctx)), wanted)) return next();
    throw new ApiError('UNAUTHENTICATED', 'CODEC_TOKEN is needed, as a Bearer token or as a password.', {
      headers: { 'WWW-Authenticate': 'Basic realm="Doppel codec server", charset="UTF-8"' },
    });
  });
  router.get('/', (ctx) => {
    ctx.body = { status: 'signed in' };
  });
  router.post('/encode', async (ctx) => {
    ctx.body = { payloads: (await codec.encode(await readPayloads(ctx))).map(toJson) };
  });
  router.post('/decode', async (ctx) => {
    ctx.body = { payloads: (await codec.decode(await readPayloads(ctx)).catch(undecryptable)).map(toJson) };
  });
  return router;
}

function undecryptable(error: unknown): never {
  if (!(error instanceof UndecryptablePayload)) throw error;
  throw invalid([{ path: 'body.payloads', message: error.message, keyword: 'decrypt' }]);
}
