import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, Worker, type ReplayResult, type WorkflowBundle } from '@temporalio/worker';
import packageJson from 'doppel/package.json' with { type: 'json' };
import { quietLogger } from '../support/workflow-runs.ts';
import { workflowBundleOnce } from '../support/test-workers.ts';

interface RecordedPayload {
  metadata?: Record<string, string>;
  data?: string;
}

interface RecordedHistory {
  /** `<version>/<file>`. */
  name: string;
  history: { events: { eventType: string }[] };
}

const folder = path.join(import.meta.dirname, 'histories');

/** The histories of one workflow: it is what their files' names begin with. */
async function readHistories(workflow: string): Promise<RecordedHistory[]> {
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => path.basename(file).startsWith(workflow) && file.endsWith('.json'))
    .sort();
  return Promise.all(
    files.map(async (name) => ({
      name,
      history: JSON.parse(await readFile(path.join(folder, name), 'utf8')) as RecordedHistory['history'],
    })),
  );
}

async function replay(
  workflowBundle: WorkflowBundle,
  histories: readonly RecordedHistory[],
): Promise<Map<string, ReplayResult['error']>> {
  const results = Worker.runReplayHistories(
    { workflowBundle },
    histories.map(({ name, history }) => ({ workflowId: name, history })),
  );
  const errors = new Map<string, ReplayResult['error']>();
  for await (const { workflowId, error } of results) errors.set(workflowId, error);
  return errors;
}

/** All payloads of a history, decoded: what Temporal keeps, and shows in its UI. */
function payloadsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { metadata, data } = value as RecordedPayload;
  if (typeof data === 'string' && metadata !== undefined) return [Buffer.from(data, 'base64').toString()];
  return Object.values(value).flatMap(payloadsOf);
}

describe('the recorded histories of influencerCreate', () => {
  let histories: RecordedHistory[];

  before(async () => {
    histories = await readHistories('influencer-create');
  });

  it('hold a job that succeeds, one with a shot that is tried again, and one that fails, of this version', () => {
    const recorded = histories.map(({ name }) => name);
    for (const kind of ['', '-retried-shot', '-failed']) {
      assert.ok(recorded.includes(`${packageJson.version}/influencer-create${kind}.json`), `none of kind “${kind}”`);
    }
    const lastEvents = new Set(histories.map(({ history }) => history.events.at(-1)?.eventType));
    assert.deepEqual([...lastEvents].sort(), [
      'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED',
      'EVENT_TYPE_WORKFLOW_EXECUTION_FAILED',
    ]);
  });

  it('replay on the workflow of today', async () => {
    const errors = await replay(await workflowBundleOnce(), histories);
    assert.equal(errors.size, histories.length);
    for (const [name, error] of errors) assert.equal(error, undefined, name);
  });

  it('do not replay on a workflow with another order of steps', async () => {
    const workflowsPath = fileURLToPath(new URL('changed-workflows', import.meta.url));
    const changed = await bundleWorkflowCode({ workflowsPath, logger: quietLogger });
    const errors = await replay(changed, histories);
    assert.equal(errors.size, histories.length);
    for (const [name, error] of errors) assert.ok(error instanceof DeterminismViolationError, name);
  });

  it('hold ids and shots, and nothing of the person', () => {
    for (const { name, history } of histories) {
      const payloads = payloadsOf(history).join('\n');
      assert.match(payloads, /jobId/, name);
      assert.doesNotMatch(payloads, /Ava|copper|hairColor|identity|https?:/, name);
    }
  });

  it('have three events for each drawing, one for each step on Postgres, and few others', () => {
    const success = histories.find(({ name }) => name === `${packageJson.version}/influencer-create.json`);
    const types = success?.history.events.map(({ eventType }) => eventType) ?? [];
    const count = (part: string) => types.filter((type) => type.includes(part)).length;
    assert.equal(count('ACTIVITY_TASK'), 6 * 3);
    assert.equal(count('MARKER_RECORDED'), 3 + 6);
    // How many workflow tasks it takes depends on which drawings end together.
    assert.ok(count('WORKFLOW_TASK') <= 3 * (2 + 6), `${String(types.length)} events`);
    assert.equal(types.length, 2 + count('ACTIVITY_TASK') + count('MARKER_RECORDED') + count('WORKFLOW_TASK'));
  });
});

describe('the recorded histories of webhookDelivery', () => {
  let histories: RecordedHistory[];

  before(async () => {
    histories = await readHistories('webhook-delivery');
  });

  it('hold a webhook that is taken, one that is tried again, and one that is not wanted, of this version', () => {
    const recorded = histories.map(({ name }) => name);
    for (const kind of ['', '-retried', '-gone']) {
      assert.ok(recorded.includes(`${packageJson.version}/webhook-delivery${kind}.json`), `none of kind “${kind}”`);
    }
  });

  it('replay on the workflow of today', async () => {
    const errors = await replay(await workflowBundleOnce(), histories);
    assert.equal(errors.size, histories.length);
    for (const [name, error] of errors) assert.equal(error, undefined, name);
  });

  it('hold ids, and neither where the webhook goes nor what signs it', () => {
    for (const { name, history } of histories) {
      const payloads = payloadsOf(history).join('\n');
      assert.match(payloads, /deliveryId/, name);
      assert.doesNotMatch(payloads, /https?:|example|whsec|signature/, name);
    }
  });
});
