import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, type ReplayHistoriesIterable } from '@temporalio/worker';
import type { Config } from '../config.ts';
import { StartError } from '../start-error.ts';
import { openTemporal, sharedOptionsOf } from '../temporal/connection.ts';
import { openWorkflowBundle } from '../workflow-bundle.ts';

interface Sample {
  /** In Temporal's list filter language: https://docs.temporal.io/list-filter. */
  query: string;
  /** How many workflows at most, the newest first. */
  limit: number;
}

/**
 * `doppel replay`: runs this release's workflow code over histories of the Temporal of the environment, without doing anything, and
 * names each that it would not go on with. Exits with 1 where there is one.
 */
export async function replay(config: Config, sample: Sample): Promise<void> {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR', () => undefined) });
  const { temporal, connection } = openTemporal(config.temporal);
  const options = sharedOptionsOf(config.temporal);
  const workflowBundle = await openWorkflowBundle({ logger: new DefaultLogger('ERROR') });
  let [replayed, failed] = [0, 0];
  try {
    const histories = historiesOf(temporal, sample);
    for await (const { workflowId, runId, error } of Worker.runReplayHistories(
      { workflowBundle, ...options },
      histories,
    )) {
      replayed++;
      if (error === undefined) continue;
      failed++;
      console.log(`${workflowId}  ${runId}  ${error.message}`);
    }
  } catch (error) {
    const details = (error as { details?: unknown }).details;
    if (typeof details !== 'string') throw error;
    throw new StartError(`Temporal does not give its histories: ${details}`, { cause: error });
  } finally {
    await connection.close();
    await Runtime.instance().shutdown();
  }
  console.log(`${String(replayed)} histories, ${String(failed)} do not go on with this code.`);
  if (failed > 0) process.exitCode = 1;
}

async function* historiesOf(temporal: Client, { query, limit }: Sample): ReplayHistoriesIterable {
  let given = 0;
  for await (const { workflowId, runId } of temporal.workflow.list({ query })) {
    if (given++ === limit) return;
    yield { workflowId, history: await temporal.workflow.getHandle(workflowId, runId).fetchHistory() };
  }
}
