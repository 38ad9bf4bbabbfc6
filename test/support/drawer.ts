// A renderer that is a program of its own, made from nothing but what the API and Temporal promise to such ones: it knows no database,
// no storage and no code of the service.

import { createHmac } from 'node:crypto';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { fetch } from 'undici';

export interface NamedDrawing {
  jobId: string;
  attempt: number;
  shot: string;
}

interface DrawerKey {
  id: string;
  secret: string;
}

/** What the API tells of a drawing. */
export interface Order {
  identity: Record<string, unknown>;
  seed: string;
  shot: string;
  renderer: string;
  width: number;
  height: number;
  mimeType: string;
  references: { url: string }[];
  upload: { method: string; url: string };
}

export const drawingUrl = (url: string, { jobId, attempt, shot }: NamedDrawing): string =>
  `${url}/internal/drawings/${jobId}/${String(attempt)}/${shot}`;

/** Makes the token by which a drawer is known; it holds for a minute where no other end is asked for. */
export function drawerToken(
  { id, secret }: DrawerKey,
  { jobId, attempt, shot }: NamedDrawing,
  { allowed = 'draw', expires = Math.floor(Date.now() / 1000) + 60 } = {},
): string {
  const text = `${allowed} ${jobId} ${String(attempt)} ${shot} ${String(expires)}`;
  return `${String(expires)}.${id}.${createHmac('sha256', secret).update(text).digest('hex')}`;
}

interface DrawerParts {
  url: string;
  key: DrawerKey;
  /** Draws; a WebP of 1024 × 1024, if all is well. */
  paint: (order: Order, signal: AbortSignal) => Promise<Uint8Array> | Uint8Array;
}

/** What a drawer says to Temporal of an answer that is none. */
async function failureOf(response: { status: number; text: () => Promise<string> }): Promise<ApplicationFailure> {
  const { status } = response;
  const message = `The API answered ${String(status)}: ${(await response.text()).slice(0, 200)}`;
  if (status === 409) return ApplicationFailure.nonRetryable(message, 'CONFLICT');
  if (status < 500) return ApplicationFailure.nonRetryable(message, 'RENDER_FAILED');
  return ApplicationFailure.create({ message, type: 'UNAVAILABLE', nonRetryable: false });
}

/** The activity `drawShot` of a drawer. */
export const externalDrawShot =
  ({ url, key, paint }: DrawerParts) =>
  async (drawing: NamedDrawing) => {
    const signal = cancellationSignal();
    const beats = setInterval(() => {
      heartbeat();
    }, 250);
    try {
      const asked = await fetch(drawingUrl(url, drawing), {
        headers: { Authorization: `Bearer ${drawerToken(key, drawing)}` },
        signal,
      });
      if (!asked.ok) throw await failureOf(asked);
      const order = (await asked.json()) as Order;
      const bytes = await paint(order, signal);
      signal.throwIfAborted();
      const { method, url: to } = order.upload;
      const put = await fetch(to, { method, headers: { 'Content-Type': order.mimeType }, body: bytes, signal });
      if (!put.ok) throw await failureOf(put);
      const { sha256 } = (await put.json()) as { sha256: string };
      return { sha256, provenance: { renderer: order.renderer, version: 'tests', seed: order.seed } };
    } finally {
      clearInterval(beats);
    }
  };

/** Draws what comes to the studio's task queue until `close`. */
export async function startDrawer(
  { connection, identity = 'drawer', ...parts }: DrawerParts & { connection: NativeConnection; identity?: string },
  activities: Record<string, (drawing: NamedDrawing) => Promise<unknown>> = { drawShot: externalDrawShot(parts) },
): Promise<{ close: () => Promise<void> }> {
  const worker = await Worker.create({
    connection,
    taskQueue: 'rendering-studio',
    activities,
    identity,
    maxHeartbeatThrottleInterval: '100 milliseconds',
    defaultHeartbeatThrottleInterval: '100 milliseconds',
    shutdownForceTime: '2 seconds',
  });
  const working = worker.run();
  working.catch(() => undefined); // close() tells
  return {
    async close() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await working;
    },
  };
}
