// A server that speaks a provider's protocol as its documentation has it, and nothing else: what it does not know is a fault.
// Two ports, since providers keep their pictures on another host than their API.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import type { ImageProvider } from '../../../src/domain/image-providers.ts';

/** What is asked for: the picture itself, what became of it, or its bytes. */
type Stage = 'order' | 'poll' | 'picture';

export interface Exchange {
  stage: Stage;
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export type Reply =
  | { status?: number; headers?: Record<string, string>; json: unknown }
  | { status?: number; headers?: Record<string, string>; bytes: Uint8Array; type: string }
  /** Never answers. */
  | 'silence'
  /** Breaks the connection. */
  | 'reset'
  /** Goes on and on. */
  | 'flood';

/** A picture that was asked for, as the provider understands it. */
export interface Order {
  model: string;
  prompt: string;
  references: Buffer[];
  /** Undefined where the provider has none. */
  seed: number | undefined;
  /** As it was said: `1024x1024`, `1:1`. */
  size: string;
}

interface Here {
  apiUrl: string;
  filesUrl: string;
  picture: Buffer;
}

export type Refusal =
  'busy' | 'away' | 'badKey' | 'unpaid' | 'unknownModel' | 'badRequest' | 'refusedInput' | 'refusedOutput';

/** A provider's protocol; its checks throw. */
export interface Protocol {
  provider: ImageProvider;
  /** One that takes two pictures. */
  model: string;
  basePath: string;
  keyHeader: (key: string) => readonly [string, string];
  format: 'png' | 'jpeg' | 'webp';
  readOrder: (exchange: Exchange) => Promise<Order> | Order;
  answer: (exchange: Exchange, here: Here) => Reply;
  /** In the format of its documentation; those that it does not have are left out. */
  refusals: Partial<Record<Refusal, { stage?: Stage; reply: Reply }>>;
  /** An answer of success that has no picture, and one whose picture is none. */
  empty: { stage?: Stage; reply: Reply };
  notAPicture: { stage?: Stage; reply: Reply };
}

export interface FakeProvider {
  protocol: Protocol;
  apiKey: string;
  baseUrl: string;
  /** The hosts that may be asked. */
  hosts: readonly string[];
  picture: Buffer;
  exchanges: Exchange[];
  orders: Order[];
  /** What was asked otherwise than documented. */
  faults: unknown[];
  /** How much of a flood was sent. */
  bytesSent: number;
  /** Answers otherwise than with a picture, from now on. */
  say: (stage: Stage, reply: Reply) => void;
  /** Answers with pictures again. */
  recover: () => void;
  refuse: (refusal: Refusal, headers?: Record<string, string>) => void;
  close: () => Promise<void>;
}

export const pictureOf = (color: string, format: Protocol['format'] = 'png'): Promise<Buffer> =>
  sharp({ create: { width: 64, height: 64, channels: 3, background: color } })
    .toFormat(format)
    .toBuffer();

export async function startFakeProvider(protocol: Protocol): Promise<FakeProvider> {
  const said = new Map<Stage, Reply>();
  const fake: FakeProvider = {
    protocol,
    apiKey: 'sk-secret-0123456789',
    baseUrl: '',
    hosts: [],
    picture: await pictureOf('teal', protocol.format),
    exchanges: [],
    orders: [],
    faults: [],
    bytesSent: 0,
    say: (stage, reply) => void said.set(stage, reply),
    recover: () => {
      said.clear();
    },
    refuse(refusal, headers = {}) {
      const { stage = 'order', reply } = protocol.refusals[refusal] ?? assert.fail(`${protocol.provider} has none`);
      assert(typeof reply === 'object');
      said.set(stage, { ...reply, headers: { ...reply.headers, ...headers } });
    },
    close: () => Promise.all([api, files].map(closed)).then(() => undefined),
  };

  const serve = (stageOf: (method: string) => Stage) =>
    createServer((request, response) => {
      void (async () => {
        const { method = '', url: path = '', headers } = request;
        const exchange = { stage: stageOf(method), method, path, headers, body: await buffer(request) };
        fake.exchanges.push(exchange);
        send(response, await replyTo(exchange), fake);
      })().catch((error: unknown) => {
        fake.faults.push(error);
        response.writeHead(500).end();
      });
    });

  async function replyTo(exchange: Exchange): Promise<Reply> {
    const [name, value] = protocol.keyHeader(fake.apiKey);
    if (exchange.stage === 'picture') {
      assert.equal(exchange.headers[name], undefined, 'the key went to the host of the pictures');
    } else {
      assert.equal(exchange.headers[name], value, `${name} has no key`);
      assert.ok(
        exchange.path.startsWith(`${protocol.basePath}/`),
        `${exchange.path} is not below ${protocol.basePath}`,
      );
    }
    if (exchange.stage === 'order') fake.orders.push(await protocol.readOrder(exchange));
    const reply = said.get(exchange.stage);
    if (reply !== undefined) return reply;
    if (exchange.stage === 'picture') return { bytes: fake.picture, type: `image/${protocol.format}` };
    return protocol.answer(exchange, {
      apiUrl: fake.baseUrl,
      filesUrl: `${urlOf(files)}/files`,
      picture: fake.picture,
    });
  }

  const api = serve((method) => (method === 'POST' ? 'order' : 'poll'));
  const files = serve(() => 'picture');
  await Promise.all([api, files].map(listening));
  fake.baseUrl = `${urlOf(api)}${protocol.basePath}`;
  fake.hosts = [api, files].map((server) => new URL(urlOf(server)).host);
  return fake;
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function closed(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

const urlOf = (server: Server): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

function send(response: ServerResponse, reply: Reply, fake: FakeProvider): void {
  if (reply === 'silence') return;
  if (reply === 'reset') response.socket?.resetAndDestroy();
  else if (reply === 'flood') flood(response, fake);
  else {
    const [type, body] =
      'json' in reply ? ['application/json', JSON.stringify(reply.json)] : [reply.type, Buffer.from(reply.bytes)];
    response.writeHead(reply.status ?? 200, { 'Content-Type': type, ...reply.headers }).end(body);
  }
}

function flood(response: ServerResponse, fake: FakeProvider): void {
  const chunk = Buffer.alloc(64 * 1024, 'A');
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const pour = () => {
    let isTaken = !response.destroyed;
    while (isTaken) {
      isTaken = response.write(chunk);
      fake.bytesSent += chunk.length;
    }
  };
  response.on('drain', pour);
  pour();
}

/** The JSON of a request that has to be one. */
export function jsonOf({ headers, body }: Exchange): Record<string, unknown> {
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
}

/** The parts of a request that has to be a form. */
export async function formOf({ headers, body }: Exchange): Promise<FormData> {
  const type = headers['content-type'] ?? '';
  assert.match(type, /^multipart\/form-data; boundary=/);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is read is small, and our own
  return new Response(new Uint8Array(body), { headers: { 'Content-Type': type } }).formData();
}

/** The bytes of a picture that is written as a data URI, which has to tell its true type. */
export async function bytesOfDataUri(uri: unknown): Promise<Buffer> {
  const [, type, base64 = ''] =
    /^data:image\/(png|jpeg|webp);base64,(.+)$/.exec(String(uri)) ?? assert.fail('no data URI');
  return checkedPicture(Buffer.from(base64, 'base64'), type);
}

export async function checkedPicture(bytes: Buffer, type?: string): Promise<Buffer> {
  const { format } = await sharp(bytes).metadata();
  if (type !== undefined) assert.equal(format, type);
  return bytes;
}

/** Sees to it that an object has these fields, and no others. */
export function only(value: Record<string, unknown>, ...fields: readonly string[]): void {
  const strangers = Object.keys(value).filter((field) => !fields.includes(field));
  assert.deepEqual(strangers, [], 'fields that are not documented');
}
