// What watchers were told, against what Postgres has: streams and webhooks tell each event, as it is, and nothing else.

import { isDeepStrictEqual } from 'node:util';
import { query } from '../../src/db/database.ts';
import { formatId } from '../../src/domain/ids.ts';
import { jobEventOf, type JobEvent, type JobEventRow } from '../../src/domain/job-event.ts';
import { webhookEvents } from '../../src/domain/webhook.ts';
import { eventually } from '../support/eventually.ts';
import type { Journal } from './callers.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

const withinMs = 120_000;

export async function compareTold(world: World, journal: Journal, verdict: Verdict): Promise<void> {
  const rows = await query<JobEventRow & { id: string }>(
    world.database,
    `select id, job_id as "jobId", seq, type, at, status, stage, progress, attempt, shot, asset_id as "assetId", error
     from job_events where organization_id = any(:organizationIds) order by job_id, seq`,
    { organizationIds: journal.tenants.map(({ organizationId }) => organizationId) },
  );
  const events = new Map<string, JobEvent[]>();
  for (const event of rows.map(jobEventOf)) events.set(event.jobId, [...(events.get(event.jobId) ?? []), event]);
  await compareStreams(journal, events, verdict);
  await compareWebhooks(world, journal, verdict);
}

async function compareStreams(
  { watches, watching }: Journal,
  events: Map<string, JobEvent[]>,
  verdict: Verdict,
): Promise<void> {
  const isOver = () => (watches.every((watch) => watch.isOver) ? true : undefined);
  await eventually('all streams have ended', isOver, { withinMs, everyMs: 500 }).catch(() => undefined);
  watching.abort();
  for (const { jobId, events: told, isOver } of watches) {
    if (!isOver) verdict.stuck.push(`a stream of ${jobId}`);
    const stored = events.get(jobId)?.slice(0, told.length);
    if (told.length > 0 && !isDeepStrictEqual(stored, told)) {
      verdict.wrong.push(
        `a stream of ${jobId} told ${JSON.stringify(told)}, and Postgres has ${JSON.stringify(stored)}`,
      );
    }
  }
}

interface Delivery {
  eventId: string;
  type: string;
  jobId: string | null;
  seq: number | null;
  status: string;
  attempts: number;
}

async function compareWebhooks({ database }: World, { receiver }: Journal, verdict: Verdict): Promise<void> {
  const { endpointIds, told } = receiver;
  const deliveries = () =>
    query<Delivery>(
      database,
      `select d.event_id as "eventId", d.type, d.job_id as "jobId", d.seq, d.status,
              (select count(*)::int from webhook_attempts a where a.delivery_id = d.id) as attempts
       from webhook_deliveries d where d.webhook_endpoint_id = any(:endpointIds)`,
      { endpointIds },
    );
  // The third attempt comes after five minutes: one that waits for it is on its way.
  const isOnItsWay = ({ status, attempts }: Delivery) => status === 'pending' && attempts < 2;
  const left = async () => ((await deliveries()).some(isOnItsWay) ? undefined : true);
  await eventually('all webhooks are sent', left, { withinMs, everyMs: 1_000 }).catch(() => undefined);

  const seen = new Set<string>();
  for (const delivery of await deliveries()) {
    const { eventId, type, jobId, seq, status } = delivery;
    const name = `webhook ${formatId('event', eventId)} (${type} of ${String(jobId)})`;
    if (isOnItsWay(delivery)) verdict.stuck.push(name);
    if (seen.has(eventId)) verdict.doubled.push(name);
    seen.add(eventId);
    const body = told.get(formatId('event', eventId))?.body;
    if (status === 'failed') verdict.wrong.push(`${name} failed`);
    if (body === undefined) {
      if (status === 'delivered') verdict.lost.push(`${name} says delivered`);
      continue;
    }
    const { type: toldType, data } = JSON.parse(body) as { type: string; data: { jobId: string; seq: number } };
    if (toldType !== type || data.seq !== seq || (jobId !== null && data.jobId !== formatId('job', jobId))) {
      verdict.wrong.push(`${name} told ${body}`);
    }
  }
  for (const id of told.keys()) {
    if (![...seen].some((eventId) => formatId('event', eventId) === id))
      verdict.wrong.push(`webhook ${id} is of no event`);
  }
  const missing = await query<{ id: string; type: string }>(
    database,
    `select e.id, e.type from job_events e
     join webhook_endpoints w on w.organization_id = e.organization_id and w.id = any(:endpointIds)
     where e.type = any(:webhookEvents) and e.type = any(w.events)
       and not exists (select from webhook_deliveries d where d.webhook_endpoint_id = w.id and d.event_id = e.id)`,
    { endpointIds, webhookEvents: [...webhookEvents] },
  );
  verdict.lost.push(...missing.map(({ id, type }) => `the webhook of ${type} ${formatId('event', id)}`));
}
