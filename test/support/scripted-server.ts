// An HTTP server that answers as a test says, to see what a client makes of answers that the API never gives on demand.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Asked {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Answers one request, in whatever way. */
export type Step = (response: ServerResponse, asked: Asked) => void | Promise<void>;

export interface ScriptedServer {
  url: string;
  asked: Asked[];
  close: () => Promise<void>;
}

/** Answers each request with the next step, and all further ones with the last step. */
export async function startScriptedServer(...steps: [Step, ...Step[]]): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: await buffer(request) };
      const step = steps[Math.min(asked.length, steps.length - 1)] ?? steps[0];
      asked.push(one);
      await step(response, one);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON, or with a text as it stands. */
export const answer =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}): Step =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** Answers as the API refuses. */
export const refuse = (status: number, code: string, { headers = {}, ...rest }: Refusal = {}): Step =>
  answer(status, { error: { code, message: `It is ${code}.`, requestId: 'req_1', ...rest } }, headers);

interface Refusal {
  headers?: Record<string, string>;
  details?: Record<string, unknown>;
}

/** Breaks the connection. */
export const cut: Step = (response) => {
  response.destroy();
};

/** Never answers. */
export const hang: Step = () => undefined;

/** Passes the request on to an API; its answer comes back, or is lost. */
export const passOn =
  (apiUrl: string, { isLost = false } = {}): Step =>
  async (response, { method, path, headers, body }) => {
    const { host: _, connection: __, 'content-length': ___, ...sent } = headers;
    const reply = await fetch(`${apiUrl}${path}`, {
      method,
      headers: sent as Record<string, string>,
      ...(body.length > 0 && { body }),
    });
    const text = await reply.text();
    if (isLost) {
      response.destroy();
      return;
    }
    const etag = reply.headers.get('ETag');
    response.writeHead(reply.status, {
      'Content-Type': 'application/json',
      ...(etag !== null && { ETag: etag }),
    });
    response.end(text);
  };
