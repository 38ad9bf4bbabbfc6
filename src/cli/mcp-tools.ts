// The API's main verbs as tools for agents: what each takes is said by the API's own schemas, what it gives is the API's answer.

import Type, { type TObject, type TProperties } from 'typebox';
import type { CloneInfluencer, CreateInfluencer, DoppelClient, Job } from '../client/index.ts';
import { cloneInfluencerBody, createInfluencerBody, influencersQuery } from '../schemas/influencer.ts';
import { jobsQuery } from '../schemas/job.ts';
import { strict } from '../schemas/text.ts';

interface ToolCall {
  doppel: DoppelClient;
  /** Tells whoever waits how far it is. */
  onProgress: (job: Job) => void;
  signal: AbortSignal;
}

export interface Tool {
  name: string;
  description: string;
  input: TObject;
  /** What a client may tell its user before it asks: whether it changes anything, and whether that can be undone. */
  hints: { readOnlyHint: boolean; destructiveHint?: boolean; idempotentHint?: boolean };
  call: (call: ToolCall, input: Record<string, never>) => Promise<object>;
}

/** Longest that a tool waits, in seconds: clients give up on one after a minute. */
const longestWaitS = 50;

const projectId = Type.String({ description: 'The project, prj_…; `list_projects` names them.' });
const influencerId = Type.String({ description: 'The influencer, inf_….' });
const jobId = Type.String({ description: 'The job, job_….' });
const idempotencyKey = Type.Optional(
  Type.String({ description: 'Names this change for 24 hours: a repeat with the same key has no second effect.' }),
);

const reads = { readOnlyHint: true };
const makes = { readOnlyHint: false, destructiveHint: false };

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it is inferred from what a tool takes
const tool = <Input extends object>(
  name: string,
  description: string,
  properties: TProperties,
  hints: Tool['hints'],
  call: (call: ToolCall, input: Input) => Promise<object>,
): Tool => ({
  ...{ name, description, hints },
  input: Type.Object(properties, strict),
  call: (context, input) => call(context, input as unknown as Input), // it was held against the schema
});

const pageOf = async (page: Promise<{ items: unknown[]; nextCursor: string | null }>): Promise<object> => page;

export const tools: readonly Tool[] = [
  tool('list_projects', 'Lists the projects that influencers are kept in.', {}, reads, ({ doppel }) =>
    pageOf(doppel.projects.list().page()),
  ),
  tool(
    'list_influencers',
    'Lists the influencers of a project, the newest first, a page at a time.',
    {
      projectId,
      status: influencersQuery.properties.status,
      clonedFrom: influencersQuery.properties.clonedFrom,
      cursor: influencersQuery.properties.cursor,
    },
    reads,
    ({ doppel }, { projectId, cursor, ...filters }: { projectId: string; cursor?: string }) =>
      pageOf(doppel.influencers.list(projectId, filters).page(cursor)),
  ),
  tool(
    'get_influencer',
    'Reads one influencer: identity, status, and the URLs of its reference images.',
    { influencerId },
    reads,
    ({ doppel }, { influencerId }: { influencerId: string }) => doppel.influencers.get(influencerId),
  ),
  tool(
    'create_influencer',
    'Makes an influencer from an identity; its six reference images are rendered by a job, which `wait_for_job` watches.',
    { projectId, idempotencyKey, ...createInfluencerBody.properties },
    makes,
    (
      { doppel },
      { projectId, idempotencyKey, ...body }: CreateInfluencer & { projectId: string; idempotencyKey?: string },
    ) => doppel.influencers.create(projectId, body, { ...(idempotencyKey && { idempotencyKey }) }),
  ),
  tool(
    'clone_influencer',
    'Copies an influencer with overrides into a new one of the same project; `wait_for_job` watches the job that renders its images.',
    { influencerId, idempotencyKey, ...cloneInfluencerBody.properties },
    makes,
    (
      { doppel },
      { influencerId, idempotencyKey, ...body }: CloneInfluencer & { influencerId: string; idempotencyKey?: string },
    ) => doppel.influencers.clone(influencerId, body, { ...(idempotencyKey && { idempotencyKey }) }),
  ),
  tool(
    'list_jobs',
    'Lists jobs, the newest first, a page at a time.',
    {
      status: jobsQuery.properties.status,
      projectId: jobsQuery.properties.projectId,
      influencerId: jobsQuery.properties.influencerId,
      cursor: jobsQuery.properties.cursor,
    },
    reads,
    ({ doppel }, { cursor, ...filters }: { cursor?: string }) => pageOf(doppel.jobs.list(filters).page(cursor)),
  ),
  tool(
    'get_job',
    'Reads one job: stage, progress, each image, and why nothing moves.',
    { jobId },
    reads,
    ({ doppel }, { jobId }: { jobId: string }) => doppel.jobs.get(jobId),
  ),
  tool(
    'wait_for_job',
    'Watches a job, and gives it when it has ended, or as it is then when the time is over: call it again while it is `running`.',
    {
      jobId,
      timeoutSeconds: Type.Optional(
        Type.Integer({ minimum: 1, maximum: longestWaitS, description: 'How long to wait at most.' }),
      ),
    },
    reads,
    async ({ doppel, onProgress, signal }, input: { jobId: string; timeoutSeconds?: number }) => {
      const { jobId, timeoutSeconds = longestWaitS } = input;
      const stop = new AbortController();
      const end = () => {
        stop.abort();
      };
      signal.addEventListener('abort', end, { once: true });
      const timer = setTimeout(end, timeoutSeconds * 1_000);
      try {
        return await doppel.jobs.wait(jobId, { onChange: onProgress, signal: stop.signal });
      } catch (error) {
        if (!stop.signal.aborted || signal.aborted) throw error;
        return await doppel.jobs.get(jobId);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
    },
  ),
  tool(
    'cancel_job',
    'Asks for a job to be stopped.',
    { jobId },
    { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
    ({ doppel }, { jobId }: { jobId: string }) => doppel.jobs.cancel(jobId),
  ),
  tool(
    'retry_job',
    'Begins the next attempt of a job that failed or was canceled: what is missing is rendered.',
    { jobId },
    makes,
    ({ doppel }, { jobId }: { jobId: string }) => doppel.jobs.retry(jobId),
  ),
];
