// What a newcomer tries the service with: an organization with its keys, and in each environment a project with an influencer.

import { rename, writeFile } from 'node:fs/promises';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { DoppelClient, type CreateInfluencer } from './client/index.ts';
import { findApiKey } from './db/api-keys.ts';
import { insertOrganization } from './db/organizations.ts';
import { insertProject } from './db/projects.ts';
import { formatId } from './domain/ids.ts';
import { demoFileOf, readDemo, type Demo } from './demo-file.ts';
import type { Environment } from './domain/influencer.ts';
import type { RendererName } from './domain/shots.ts';
import { StartError } from './start-error.ts';
import { createApiKey } from './http/authentication.ts';

const readyWithinMs = 5 * 60_000;

const person: CreateInfluencer = {
  name: 'Ava Chen',
  gender: 'female',
  ageRange: '25-34',
  ethnicity: 'East Asian',
  hairColor: 'dark brown',
  hairStyle: 'long wavy',
  style: 'minimalist',
  vibe: 'warm, playful',
  personality: { traits: ['curious', 'kind'], tone: 'friendly' },
};

interface Place {
  dataDir: string;
  apiUrl: string;
  temporalUiUrl: string | null;
  renderer: RendererName;
}

/**
 * Makes the demo's data where this database has none, and writes the file with the addresses of now. The influencer has its images then,
 * or, where the studio takes minutes for them, is being drawn.
 */
export async function ensureDemo(database: Knex, where: Place): Promise<Demo> {
  const before = await readDemo(where.dataDir);
  const isKnown = before !== null && (await findApiKey(database, before.apiKey.split('_')[2] ?? '')) !== undefined;
  const kept = isKnown ? await drawnAnew(before, where) : await makeDemo(database, where);
  const demo: Demo = { ...kept, apiUrl: where.apiUrl, temporalUiUrl: where.temporalUiUrl };
  const file = demoFileOf(where.dataDir);
  await writeFile(`${file}.new`, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return demo;
}

/** Beside a clone by another renderer its source would look like somebody else: it is made once more, where that costs nothing. */
async function drawnAnew(demo: Demo, { apiUrl, renderer }: Place): Promise<Demo> {
  if (renderer === 'ai' || renderer === (demo.renderer ?? 'illustrated')) return demo;
  return { ...demo, influencerId: await createThroughApi({ apiUrl, renderer }, demo.apiKey, demo.projectId), renderer };
}

async function makeDemo(database: Knex, { apiUrl, renderer }: Place): Promise<Omit<Demo, 'apiUrl' | 'temporalUiUrl'>> {
  const organizationId = newId();
  await insertOrganization(database, { id: organizationId, name: 'Demo', tier: 'internal' });
  const makeHalf = async (environment: Environment) => {
    const apiKey = await createApiKey(database, {
      organizationId,
      id: newId(),
      environment,
      name: `Demo, ${environment}`,
      scopes: ['*', 'org:admin'],
    });
    const projectId = newId();
    await insertProject(database, { organizationId, id: projectId, environment, name: `Demo, ${environment}` });
    const drawnBy = environment === 'test' ? 'illustrated' : renderer;
    const influencerId = await createThroughApi({ apiUrl, renderer: drawnBy }, apiKey, formatId('project', projectId));
    return { apiKey, projectId: formatId('project', projectId), influencerId };
  };
  const [live, test] = await Promise.all([makeHalf('live'), makeHalf('test')]);
  return {
    apiKey: live.apiKey,
    testApiKey: test.apiKey,
    organizationId: formatId('organization', organizationId),
    projectId: live.projectId,
    influencerId: live.influencerId,
    testProjectId: test.projectId,
    testInfluencerId: test.influencerId,
    renderer,
  };
}

/** Creates the person as any caller would, and waits for its images where they do not take minutes. */
async function createThroughApi(
  { apiUrl, renderer }: Pick<Place, 'apiUrl' | 'renderer'>,
  apiKey: string,
  projectId: string,
): Promise<string> {
  const { influencers, jobs } = new DoppelClient({ baseUrl: apiUrl, apiKey });
  const { influencerId, jobId } = await influencers.create(projectId, person);
  if (renderer === 'studio') return influencerId;
  const signal = AbortSignal.timeout(readyWithinMs);
  const job = await jobs.wait(jobId, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (job?.status === 'completed') return influencerId;
  const reason = job?.error?.message ?? job?.status ?? 'it takes too long';
  throw new StartError(`The demo influencer was not rendered (${reason}); the log says why.`);
}
