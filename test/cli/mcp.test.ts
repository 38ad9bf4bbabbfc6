import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { fileURLToPath } from 'node:url';
import type { Influencer, Job } from '../../src/client/index.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { createTenant, createTestKey, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

describe('doppel mcp', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;
  let tenant: Tenant;
  let agent: Client;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    worker = await startTestWorker(api, temporal, { renderers: { illustrated: plainRenderer() } });
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    agent = await connect(tenant.key);
  });
  afterEach(() => agent.close());

  const connect = async (apiKey: string): Promise<Client> => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: ['--import', 'tsx/esm', fileURLToPath(new URL('../../src/main.ts', import.meta.url)), 'mcp'],
        env: { PATH: process.env['PATH'] ?? '', DOPPEL_URL: api.url, DOPPEL_API_KEY: apiKey },
        stderr: 'pipe',
      }),
    );
    return client;
  };
  /** Calls a tool; gives its answer, or throws the words of its refusal. */
  const use = async <Answer>(name: string, input: Record<string, unknown> = {}): Promise<Answer> => {
    const { isError, content, structuredContent } = await agent.callTool({ name, arguments: input });
    if (isError === true) throw new Error((content as { text: string }[])[0]?.text);
    return structuredContent as Answer;
  };

  it('has an agent make somebody, clone them and watch, and tells it how far the job is', async () => {
    const { items } = await use<{ items: { id: string }[] }>('list_projects');
    assert.equal(items[0]?.id, tenant.projectId);
    const source = await use<Job>('create_influencer', { projectId: tenant.projectId, name: 'Ava', vibe: 'warm' });
    await use('wait_for_job', { jobId: source.jobId });
    const clone = await use<Job>('clone_influencer', {
      influencerId: source.influencerId,
      name: 'Ava (EU)',
      overrides: { vibe: 'dry' },
    });
    const told: number[] = [];
    const { structuredContent } = await agent.callTool(
      { name: 'wait_for_job', arguments: { jobId: clone.jobId } },
      undefined,
      { onprogress: ({ progress }) => told.push(progress) },
    );
    assert.equal((structuredContent as Job).status, 'completed');
    assert.ok(told.length > 0);
    const made = await use<Influencer>('get_influencer', { influencerId: clone.influencerId });
    assert.deepEqual([made.name, made.vibe, made.referenceImages.length], ['Ava (EU)', 'dry', 6]);
  });

  it('makes one thing of a call that is repeated under its idempotency key', async () => {
    const input = { projectId: tenant.projectId, name: 'Ava', idempotencyKey: 'ava-1' };
    const [first, second] = [await use<Job>('create_influencer', input), await use<Job>('create_influencer', input)];
    assert.equal(first.jobId, second.jobId);
  });

  it('says of each tool what it takes, and which of them only read', async () => {
    const { tools } = await agent.listTools();
    const clone = tools.find(({ name }) => name === 'clone_influencer');
    assert.deepEqual(clone?.inputSchema.required, ['influencerId', 'name']);
    assert.match(JSON.stringify(clone.inputSchema), /hairColor/);
    for (const { name, description, annotations } of tools) {
      assert.ok((description ?? '').length > 10, name);
      assert.equal(annotations?.readOnlyHint, /^(list|get|wait)_/.test(name), name);
    }
  });

  it('refuses what the schema refuses, and what the API refuses, in words that name the field and the rule', async () => {
    await assert.rejects(use('clone_influencer', { influencerId: 'inf_1' }), /name/);
    await assert.rejects(use('create_influencer', { projectId: tenant.projectId, name: 'A', hair: 'blue' }), /hair/);
    await assert.rejects(use('get_job', { jobId: 'job_1' }), /VALIDATION|id of kind job/);
    await assert.rejects(use('no_such_tool'), /no tool no_such_tool/);
    await agent.close();
    agent = await connect(await createTestKey(api.database, tenant.organizationId, { scopes: ['jobs:read'] }));
    await assert.rejects(use('list_projects'), /projects:read/);
  });
});
