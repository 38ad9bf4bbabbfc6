import { jobEventOf, type JobEventRow } from '../../domain/job-event.ts';
import type { Watcher } from '../../feed/watcher.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { frameOf, type EventStream } from '../../http/event-streams.ts';
import { jobEvent } from '../../schemas/job-event.ts';
import type { Deps } from '../deps.ts';
import { jobNotFound } from './refusals.ts';

export const streamJobEvents = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/jobs/:jobId/events',
  operationId: 'streamJobEvents',
  tag: 'Jobs',
  summary: 'Stream the events of a job',
  description: `Sends all events of a job from the first one on, and each further one as it happens, as server-sent events: \`id\` is the event's
number, \`event\` is \`job\`, and \`data\` is the event as JSON. There are no URLs in it, so that every replay is the same. The stream ends
after the event that ends the job; who comes later gets it too. Of a job that ended more than 30 days ago only the last event is kept.

When the connection breaks, come back with the number of the last event in \`Last-Event-ID\`, as an \`EventSource\` does by itself; a number
that is beyond the last event counts as that. A 204 says that the job has ended and you have all.`,
  scope: 'jobs:read',
  rateClass: 'read-light',
  replies: {
    200: { description: 'The events.', schema: jobEvent, isEventStream: true },
    204: { description: 'The job has ended, and `Last-Event-ID` is its last event.' },
  },
  errors: ['NOT_FOUND'],
  async handle({ principal, params: { jobId }, lastEventId }, { findJobVersion, jobFeed }) {
    const job = await findJobVersion({ ...principal, id: jobId });
    if (job === undefined) throw jobNotFound();
    const afterSeq = Math.min(lastEventId ?? 0, job.version);
    if (job.status !== 'running' && afterSeq === job.version) return { status: 204, body: undefined };
    const { organizationId, apiKeyId, lookup } = principal;
    const subject = { organizationId, jobId, afterSeq, apiKeyId, lookup };
    return { status: 200, body: undefined, stream: (stream) => jobFeed.watch(subject, writerTo(stream)) };
  },
});

/** Writes what is heard to a stream. It is made apart from the request, of which a stream is to keep nothing. */
const writerTo = (stream: EventStream): Watcher => ({
  onEvents(events) {
    stream.send(events.map(written).join(''));
    if (events.at(-1)?.status !== 'running') stream.end();
  },
  onEnd({ reason }) {
    // Not all in one moment, when they come back to the process that takes over.
    stream.end(reason === 'draining' ? Math.round(500 + Math.random() * 2_500) : undefined);
  },
});

const frames = new WeakMap<JobEventRow, string>();

/** The frame of an event, written once for all who hear of it. */
function written(row: JobEventRow): string {
  const frame = frames.get(row) ?? frameOf(row.seq, 'job', JSON.stringify(jobEventOf(row)));
  frames.set(row, frame);
  return frame;
}
