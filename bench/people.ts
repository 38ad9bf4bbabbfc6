// Influencers that are really made, as a caller makes them.

import { createTenant, type Tenant } from '../test/support/api.ts';
import { eventually } from '../test/support/eventually.ts';
import type { Bench, Server } from './bench.ts';
import type { Asked } from './load.ts';
import { clone } from './source.ts';

export interface MadeJob {
  key: string;
  /** As callers see them. */
  jobId: string;
  influencerId: string;
}

/** Asks for an influencer, by a new organization if none is given. */
export async function createPerson(
  { database }: Pick<Bench, 'database'>,
  server: Server,
  { tenant, simulate }: { tenant?: Tenant; simulate?: string } = {},
): Promise<MadeJob> {
  const environment = simulate === undefined ? 'live' : 'test';
  const { key, projectId } = tenant ?? (await createTenant(database, { environment }));
  return accepted(server, `/v1/projects/${projectId}/influencers`, {
    key,
    body: { name: 'Ava Chen' },
    headers: simulate === undefined ? {} : { 'X-Doppel-Simulate': simulate },
  });
}

/** Asks for a clone of an influencer that is ready. */
export const clonePerson = (server: Server, { key, influencerId }: Omit<MadeJob, 'jobId'>): Promise<MadeJob> =>
  accepted(server, `/v1/influencers/${influencerId}/clone`, { key, body: clone });

async function accepted(
  server: Server,
  path: string,
  { key, body, headers = {} }: { key: string; body: unknown; headers?: Record<string, string> },
): Promise<MadeJob> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'X-Api-Key': key, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const reply = (await response.json()) as Partial<Pick<MadeJob, 'jobId' | 'influencerId'>>;
  const { jobId, influencerId } = reply;
  if (response.status !== 202 || jobId === undefined || influencerId === undefined) {
    throw new Error(`${path} is answered ${String(response.status)}: ${JSON.stringify(reply)}`);
  }
  return { key, jobId, influencerId };
}

/** A poll of a job. */
export const askForJob = (
  { key, jobId }: Omit<MadeJob, 'influencerId'>,
  headers: Record<string, string> = {},
): Asked => ({
  method: 'GET',
  path: `/v1/jobs/${jobId}`,
  headers: { 'X-Api-Key': key, ...headers },
});

interface ReadJob {
  status: string;
  stage: string | null;
  etag: string;
}

/** Reads a job until it is as wanted; with `waits`, each reading waits until it has ended. */
export async function jobThat(
  server: Server,
  job: Omit<MadeJob, 'influencerId'>,
  isWanted: (read: ReadJob) => boolean,
  { waits = false } = {},
): Promise<ReadJob> {
  const { path, headers } = askForJob(job, waits ? { Prefer: 'wait=30' } : {});
  const read = async (): Promise<ReadJob> => {
    const response = await fetch(server.url + path, { headers: headers ?? {} });
    const body = (await response.json()) as Pick<ReadJob, 'status' | 'stage'>;
    return { ...body, etag: response.headers.get('etag') ?? '' };
  };
  const readIfWanted = async () => {
    const found = await read();
    return isWanted(found) ? found : undefined;
  };
  return eventually('a job becomes what is wanted', readIfWanted, { withinMs: 90_000, everyMs: 20 });
}

/** Makes an influencer to the end: it has its six images. */
export async function completedPerson(
  bench: Pick<Bench, 'database'>,
  server: Server,
  options: { tenant?: Tenant } = {},
): Promise<MadeJob> {
  const job = await createPerson(bench, server, options);
  await jobThat(server, job, ({ status }) => status === 'completed');
  return job;
}
