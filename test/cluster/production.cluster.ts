// `npm run cluster:test`: all flows on what runs in production, and its processes replaced one after the other while callers go on.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { DoppelClient } from '../../src/client/index.ts';
import { createTenant } from '../support/api.ts';
import { person } from '../support/flows.ts';
import { textsIn } from '../support/kept-texts.ts';
import { flowsOf } from '../flows/any-deployment.ts';
import { startCluster, type Cluster } from './cluster.ts';

/** Long enough for where its servers have to be built first. */
const startTimeoutMs = 1_200_000;

describe('Doppel as it runs in production', () => {
  let cluster: Cluster;

  before(async function () {
    this.timeout(startTimeoutMs);
    cluster = await startCluster();
  });
  after(async function () {
    this.timeout(120_000);
    await cluster.close();
  });

  flowsOf(() => cluster);

  it('tells of what callers sent, and of secrets, neither in logs nor in metrics, traces and histories', async () => {
    const { key, projectId } = await createTenant(cluster.database, { environment: 'test' });
    const client = new DoppelClient({ baseUrl: cluster.url, apiKey: key });
    const texts = ['Philippa', 'a vibe of the sea', 'speaks in riddles', 'linen from an attic'];
    const [name = '', vibe = '', tone = '', style = ''] = texts;
    const personality = { traits: ['kind'], tone };
    const { secret } = await client.webhookEndpoints.create({ url: 'http://127.0.0.1:1/', events: ['job.completed'] });
    assert.ok(secret !== null);
    const made = await client.influencers.create(projectId, {
      ...person,
      name,
      vibe,
      personality,
      style,
    });
    assert.equal((await client.jobs.wait(made)).status, 'completed');
    const clone = (simulate: string) =>
      client.influencers.clone(made.influencerId, { name, overrides: { vibe } }, { simulate });
    assert.equal((await client.jobs.wait((await clone('reject')).jobId)).status, 'failed');
    await assert.rejects(client.influencers.update(made.influencerId, { vibe: { vibe } as never }));

    const histories: string[] = [];
    for await (const { workflowId, runId } of cluster.temporal.client.workflow.list()) {
      const history = await cluster.temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
      histories.push(...textsIn(history).texts);
    }
    const members = [...cluster.apis, ...cluster.workers];
    const told = {
      logs: (await Promise.all(members.map(({ log }) => log()))).join(''),
      metrics: (await Promise.all(members.map(({ metrics }) => metrics()))).join(''),
      traces: cluster.traces().toString('latin1'),
      histories: histories.join('\n'),
    };
    const { jobId } = made; // what is looked for would be found, as this is
    for (const text of [told.logs, told.traces, told.histories]) assert.ok(text.includes(jobId));
    assert.match(told.metrics, /^doppel_/m);
    const found = Object.entries(told).flatMap(([where, text]) =>
      [...texts, key, secret, ...cluster.secrets].filter((one) => text.includes(one)).map((one) => `${where}: ${one}`),
    );
    assert.deepEqual(found, []);
  });

  it('loses no request and no job while each process is replaced, and then the version of the workers', async function () {
    this.timeout(600_000);
    const { key, projectId } = await createTenant(cluster.database);
    const client = new DoppelClient({ baseUrl: cluster.url, apiKey: key, maxRetries: 0 });
    const source = await client.influencers.create(projectId, person);
    await client.jobs.wait(source.jobId);
    const cloneAndWait = async () => {
      const { jobId } = await client.influencers.clone(source.influencerId, { name: 'Cloned' });
      return (await client.jobs.wait(jobId)).status;
    };

    const [together, from] = [24, performance.now()];
    await Promise.all(Array.from({ length: together }, cloneAndWait));
    const everyMs = (2 * (performance.now() - from)) / together; // half of what it can do

    const clones: Promise<string>[] = [];
    const atLeastUntil = performance.now() + 120_000;
    let isReplacing = true;
    const load = async () => {
      while (isReplacing || performance.now() < atLeastUntil) {
        clones.push(cloneAndWait().catch(String));
        await delay(everyMs);
      }
    };
    const replace = async () => {
      for (const member of [...cluster.apis, ...cluster.workers]) await member.restart();
      const before = [...cluster.workers];
      await cluster.release('2');
      // Nobody stops those of the version before: they end once no job is left on it.
      assert.deepEqual(
        await Promise.all(before.map(({ exited }) => exited())),
        before.map(() => 'ended with exit code 0'),
      );
      for (const member of cluster.apis) await member.restart();
    };
    const loading = load();
    await replace().finally(() => {
      isReplacing = false;
    });
    await loading;

    const outcomes = await Promise.all(clones);
    assert.deepEqual([...new Set(outcomes)], ['completed']);
    for (const { name, log } of [...cluster.apis, ...cluster.workers]) {
      const faults = (await log()).split('\n').filter((line) => /"level":[56]0|TMPRL1100/.test(line));
      assert.deepEqual(faults, [], name);
    }
    console.log(`      ${String(outcomes.length)} clones, one every ${String(Math.round(everyMs))} ms`);
  });
});
