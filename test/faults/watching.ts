// Callers that watch: by a stream of events for as long as a job runs, over as many connections as it takes, and by webhooks.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { Webhook } from 'standardwebhooks';
import { DoppelClient, DoppelError, type JobEvent } from '../../src/client/index.ts';
import { query } from '../../src/db/database.ts';
import { parseId } from '../../src/domain/ids.ts';
import { webhookEvents } from '../../src/domain/webhook.ts';
import { webhookSecretText } from '../../src/webhooks/webhook-secret.ts';
import type { Tenant } from '../support/api.ts';
import { insertEndpoint } from '../support/webhooks.ts';
import type { Random } from './random.ts';

/** What one caller was told of a job by its streams, from the first event on. */
export interface Watch {
  jobId: string;
  events: JobEvent[];
  /** Whether the last stream has ended in order, or the job is not there any more. */
  isOver: boolean;
}

/** Watches a job until its stream ends. */
export function watch(
  url: string,
  { key }: Tenant,
  jobId: string,
  { watches, watching: { signal } }: { watches: Watch[]; watching: AbortController },
): void {
  const watched: Watch = { jobId, events: [], isOver: false };
  watches.push(watched);
  const client = new DoppelClient({ baseUrl: url, apiKey: key, maxRetries: 0, timeoutMs: 10_000 });
  const read = async () => {
    while (!watched.isOver && !signal.aborted) {
      try {
        const lastEventId = watched.events.at(-1)?.seq ?? 0;
        for await (const event of client.jobs.events(jobId, { lastEventId, signal })) watched.events.push(event);
        watched.isOver = true;
      } catch (error) {
        watched.isOver = error instanceof DoppelError && error.status === 404; // its influencer was deleted
        await delay(500);
      }
    }
  };
  void read();
}

/** A receiver of webhooks, and what it was told. */
export interface Receiver {
  endpointIds: readonly string[];
  /** By the id of the webhook. */
  told: Map<string, { type: string; body: string }>;
  /** What no receiver may see: another's webhook, one that is not signed, two that differ. */
  faults: string[];
  close: () => Promise<void>;
}

const ends = webhookEvents.filter((event) => event !== 'job.progress');

/** Receives what each organization subscribes to, which is everything, and says yes to it. */
export async function startReceiver(database: Knex, tenants: readonly Tenant[]): Promise<Receiver> {
  const told: Receiver['told'] = new Map();
  const faults: string[] = [];
  const endpointIds: string[] = [];
  const webhooks = new Map<string, Webhook>();
  const server = await listen(async (request, response) => {
    const body = await text(request);
    const id = String(request.headers['webhook-id']);
    try {
      webhooks.get(request.url ?? '')?.verify(body, request.headers as Record<string, string>);
      const before = told.get(id);
      if (before !== undefined && before.body !== body) faults.push(`webhook ${id} was told in two ways`);
      told.set(id, { type: (JSON.parse(body) as { type: string }).type, body });
    } catch (error) {
      faults.push(`webhook ${id}: ${String(error)}`);
    }
    response.writeHead(204).end();
  });
  for (const [index, { organizationId }] of tenants.entries()) {
    const path = `/${String(index)}`;
    const events = index === 0 ? webhookEvents : ends; // a job has many that tell its progress
    const { id, secret } = await insertEndpoint(database, { organizationId }, { url: server.url + path, events });
    endpointIds.push(id);
    webhooks.set(path, new Webhook(webhookSecretText(secret)));
  }
  return { endpointIds, told, faults, close: server.close };
}

export interface HostileReceivers {
  /** How often one was sent something. */
  asked: () => number;
  faults: string[];
  close: () => Promise<void>;
}

/** Subscribes receivers that never answer, answer for ever, redirect, refuse and break off. */
export async function startHostileReceivers(
  database: Knex,
  tenants: readonly Tenant[],
  random: Random,
): Promise<HostileReceivers> {
  let asked = 0;
  const faults: string[] = [];
  const endless = async (response: ServerResponse, chunk: Buffer, everyMs: number) => {
    while (!response.destroyed && response.write(chunk)) await delay(everyMs);
  };
  type Manner = (response: ServerResponse, request: IncomingMessage) => unknown;
  // Begun anew while it is attempted, half of the time at an endpoint that was changed meanwhile.
  const refuseAnother: Manner = async (response, request) => {
    await query(
      database,
      `with anew as (
         update webhook_deliveries set run = run + 1, dispatched_at = null, claimed_until = null, next_attempt_at = now()
         where event_id = :eventId and status = 'pending'
           and webhook_endpoint_id in (select id from webhook_endpoints where url like '%/repeating')
         returning organization_id, webhook_endpoint_id
       )
       update webhook_endpoints w set generation = generation + 1 from anew
       where w.organization_id = anew.organization_id and w.id = anew.webhook_endpoint_id and random() < 0.5`,
      { eventId: parseId('event', String(request.headers['webhook-id'])) },
    ).catch(() => undefined); // another fault may have taken Postgres away
    response.writeHead(500).end();
  };
  const refusals: readonly Manner[] = [
    (response) => response.writeHead(307, { Location: '/followed' }).end(),
    (response) => response.writeHead(500).end('x'.repeat(1_000_000)),
    (response) => response.writeHead(429, { 'Retry-After': '999999999' }).end(),
    (response) => response.socket?.resetAndDestroy(),
    (response) => response.socket?.end('\0\0\0\0'),
    (_, request) => request.destroy(),
  ];
  const manners: readonly Manner[] = [
    ...refusals,
    () => undefined, // never answers
    async (response) => {
      await delay(2_000);
      response.writeHead(500).end();
    },
    (response) => response.writeHead(200, { 'Content-Length': '5' }).write('x'), // and no more
    (response) => endless(response.writeHead(200), Buffer.from('.'), 200),
    (response) => endless(response.writeHead(200), Buffer.alloc(65_536), 5),
    (response) => response.socket?.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n'),
    (response) => response.writeHead(200, { 'X-Much': 'y'.repeat(100_000) }).end(),
  ];
  const mannersAt: Record<string, readonly Manner[]> = {
    '/refusing': refusals,
    '/repeating': [refuseAnother, (response) => response.writeHead(500).end()],
  };
  const server = await listen((request, response) => {
    asked++;
    if (request.url === '/followed') faults.push('a redirect of a receiver was followed');
    request.resume();
    response.on('error', () => undefined);
    random.pick(mannersAt[request.url ?? ''] ?? manners)(response, request);
  });
  for (const { organizationId } of tenants) {
    for (const path of ['/hostile', '/hostile', '/refusing']) {
      await insertEndpoint(database, { organizationId }, { url: server.url + path, events: ['job.completed'] });
    }
    // What is met rarely wants many events.
    await insertEndpoint(database, { organizationId }, { url: server.url + '/repeating', events: webhookEvents });
  }
  return { asked: () => asked, faults, close: server.close };
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
