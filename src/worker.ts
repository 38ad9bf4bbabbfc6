// The worker process: runs workflows and activities, starts what was accepted and not started, and says that it lives.

import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import type { Logger } from 'pino';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import { illustratedRenderer } from '../activities/rendering/illustrated/illustrated-renderer.ts';
import type { Renderer } from '../activities/rendering/renderer.ts';
import { all } from './all.ts';
import { closers } from './closers.ts';
import { poolUseOf } from './db/database.ts';
import { readLoad } from './db/load.ts';
import { removeWorker, touchWorker } from './db/workers.ts';
import type { AiConfig } from './config.ts';
import { imageProviders } from './domain/image-providers.ts';
import type { RendererName } from './domain/shots.ts';
import { StartError } from './start-error.ts';
import { partsOf } from './parts.ts';
import type { Health } from './http/health.ts';
import { measureLoad, measurePool } from './metrics/metrics.ts';
import { openMigratedDatabase } from './migrated-database.ts';
import { openStorage, type StorageSettings } from './storage/open-storage.ts';
import { openTemporal, sharedOptionsOf, type TemporalSettings } from './temporal/connection.ts';
import { createDispatcher, type EagerStarts } from './temporal/dispatcher.ts';
import { createReconciler } from './temporal/reconciler.ts';
import { ensureSearchAttributes } from './temporal/search-attributes.ts';
import { deploymentName, untilDrained, versionStatus } from './temporal/worker-versions.ts';
import { queuesOf } from './worker-queues.ts';
import { createSender } from './webhooks/send-webhook.ts';
import { openWorkflowBundle } from './workflow-bundle.ts';

export interface WorkerParts {
  databaseUrl: string;
  databasePoolMax: number;
  temporal: TemporalSettings;
  storage: StorageSettings;
  /** How long an attempt may take from its first drawing on. */
  attemptTimeoutMinutes: number;
  /** Whether webhooks may go to a receiver on this machine. */
  webhooksAllowLocalhost: boolean;
  /** Which version of the workers this one is; left out or null: none is told apart. */
  workerBuildId?: string | null;
  /** The image model that photographs are made with; null for none: those that ask for some wait for another worker. */
  ai: AiConfig | null;
  /** Others than the product's, for tests. */
  workflowBundle?: WorkflowBundleOption;
  reconcileEveryMs?: number;
  renderers?: Partial<Record<RendererName, Renderer>>;
  /** Where operators find the console, without a slash at the end; null or left out: nobody is led there. */
  publicUrl?: string | null;
  /** Where this process also starts workflows, and they are to begin at once. Not for workers of several versions. */
  eagerStarts?: EagerStarts;
  log: Logger;
}

export interface RunningWorker {
  /** It can do its work when Postgres and Temporal are there, and it polls. */
  check: Health['check'];
  /** Resolves once its version has no job any more and gets none; never where it has no version. */
  drained: Promise<void>;
  close: () => Promise<void>;
}

const seenEveryMs = 5_000;
const retryAfterMs = 1_000;
const drainedEveryMs = 30_000;
const webhookPoolMax = 5;

/** Works until closed, through absences of Temporal; needs Postgres, migrated, to begin. */
export async function startWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { temporal, ai, eagerStarts, workerBuildId = null, log } = parts;
  const namespace = temporal.namespace ?? 'default';
  const options = sharedOptionsOf(temporal);
  const opened = closers();
  try {
    const database = await openMigratedDatabase(parts.databaseUrl, parts.databasePoolMax);
    opened.add(() => database.destroy());
    // Their own: whatever webhooks wait for, jobs go on.
    const webhookDatabase = await openMigratedDatabase(parts.databaseUrl, webhookPoolMax);
    opened.add(() => webhookDatabase.destroy());
    opened.add(measurePool('worker', () => poolUseOf(database)));
    opened.add(measurePool('webhooks', () => poolUseOf(webhookDatabase)));
    opened.add(measureLoad(() => readLoad(database)));
    const { storage, close: closeStorage } = await openStorage(parts.storage);
    opened.add(closeStorage);
    const { temporal: client, connection } = openTemporal(temporal);
    opened.add(() => connection.close());

    sharp.cache(false); // every picture is a new one
    sharp.concurrency(1); // one picture a core: the task queue brings as many as there are cores
    const deps = {
      database,
      storage,
      renderers: parts.renderers ?? (await openRenderers(ai, log)),
      paidImages: { perJob: ai?.imagesPerJob ?? 0, perDay: ai?.imagesPerDay ?? 0 },
      newId,
      log,
    };
    const sendWebhook = createSender({ allowsLocalhost: parts.webhooksAllowLocalhost });
    const workflowBundle =
      parts.workflowBundle ??
      (await openWorkflowBundle({
        kind: temporal.tracing == null ? 'plain' : 'traced',
        logger: Runtime.instance().logger,
      }));
    const closing = new AbortController();
    let polling: Worker[] = [];

    const work = async (): Promise<void> => {
      const native = await NativeConnection.connect(temporal.connectionOptions);
      const stopping = new AbortController();
      const signal = AbortSignal.any([closing.signal, stopping.signal]);
      const stopped = aborted(signal);
      const workers: Worker[] = [];
      try {
        await ensureSearchAttributes(native, namespace).catch((error: unknown) => {
          // Where this process may not register them, an operator has; if not, starts are refused and say so.
          log.warn({ err: error }, 'the search attributes could not be made sure of');
        });
        const shared = {
          connection: native,
          namespace,
          ...versioned(workerBuildId),
          ...options,
          shutdownGraceTime: '3 seconds',
          shutdownForceTime: '6 seconds',
        } as const;
        const ofQueues = queuesOf({
          ...{ deps, ai, workflowBundle, databasePoolMax: parts.databasePoolMax },
          webhooks: { database: webhookDatabase, sendWebhook, log },
        });
        await all(ofQueues.map(async (queue) => workers.push(await Worker.create({ ...shared, ...queue }))));
        polling = workers;
        if (eagerStarts !== undefined) {
          eagerStarts.client = new Client({ connection: native, namespace, ...options });
          void stopped.then(() => {
            eagerStarts.client = null;
          });
        }
        log.info('worker polls');
      } catch (error) {
        stopping.abort();
        throw error;
      } finally {
        // Also those that were made before another one failed: only a worker that has run lets go of the connection.
        await all(
          workers.map((worker) =>
            worker.runUntil(stopped).finally(() => {
              stopping.abort();
            }),
          ),
        ).finally(() => native.close());
        polling = [];
      }
    };
    const workForever = async (): Promise<void> => {
      while (!closing.signal.aborted) {
        try {
          await work();
        } catch (error) {
          log.warn({ err: error }, 'Temporal cannot be reached; the worker tries again');
          await delay(retryAfterMs, undefined, { signal: closing.signal }).catch(() => undefined); // closing ends the wait
        }
      }
    };

    const workerId = newId();
    const touch = () =>
      touchWorker(database, workerId).catch((error: unknown) => {
        log.warn({ err: error }, 'the worker could not say that it lives');
      });
    await touch();
    const seen = setInterval(() => void touch(), seenEveryMs);
    opened.add(() => removeWorker(database, workerId));
    opened.add(() => {
      clearInterval(seen);
    });

    const working = workForever();
    opened.add(async () => {
      closing.abort();
      await working;
    });
    const dispatcher = createDispatcher({
      database,
      temporal: client,
      eagerStarts,
      publicUrl: parts.publicUrl,
      newId,
      log,
    });
    dispatcher.scan();
    opened.add(dispatcher.close);
    const { attemptTimeoutMinutes, reconcileEveryMs } = parts;
    const reconciler = createReconciler(
      { database, temporal: client, connection, cancellations: dispatcher.cancellations, newId, log },
      { attemptTimeoutMinutes, ...(reconcileEveryMs === undefined ? {} : { everyMs: reconcileEveryMs }) },
    );
    reconciler.start();
    opened.add(reconciler.close);

    const drained = new Promise<void>((resolve) => {
      if (workerBuildId === null) return;
      const status = () =>
        connection.withDeadline(Date.now() + 10_000, () => versionStatus({ connection, namespace }, workerBuildId));
      untilDrained(status, { everyMs: drainedEveryMs, signal: closing.signal }).then(resolve, () => undefined); // it is closed
    });

    return {
      drained,
      close: opened.close,
      async check() {
        const parts = await partsOf(database, connection);
        const isPolling = polling.length > 0 && polling.every((worker) => worker.getState() === 'RUNNING');
        return { isReady: isPolling && parts.postgres === 'up' && parts.temporal === 'up', parts };
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Workflows that say nothing of it go on with a new version at their next task; jobs say that they stay (workflows/influencer-create.ts). */
const versioned = (buildId: string | null): Pick<WorkerOptions, 'workerDeploymentOptions'> =>
  buildId === null
    ? {}
    : {
        workerDeploymentOptions: {
          version: { deploymentName, buildId },
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'AUTO_UPGRADE',
        },
      };

/** The renderers that this process draws with: a model's only where one is configured, since its packages are large. */
async function openRenderers(ai: AiConfig | null, log: Logger): Promise<Partial<Record<RendererName, Renderer>>> {
  if (ai === null) return { illustrated: illustratedRenderer };
  const { keyVariable, needsKey } = imageProviders[ai.provider];
  if (needsKey && ai.apiKey === null) throw new StartError(`${keyVariable} is not set; ${ai.provider} asks for it.`);
  const [{ aiRenderer }, { openImageModel }] = await Promise.all([
    import('../activities/rendering/ai/ai-renderer.ts'),
    import('../activities/rendering/ai/open-image-model.ts'),
  ]);
  const model = await openImageModel(ai);
  if (model.maxReferences === 0) {
    log.warn(
      { model: model.name },
      'this image model is shown no pictures: the shots of a set will not be of one person',
    );
  }
  return { illustrated: illustratedRenderer, ai: aiRenderer(model) };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener('abort', () => {
        resolve();
      });
    }
  });
