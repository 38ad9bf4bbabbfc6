// The studio of a start that has one installed: a Python program that draws beside us, for as long as we live.

import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Logger } from 'pino';
import { taskQueues } from '../domain/task-queues.ts';
import { studioFolderOf, type Studio } from '../studio/installed-studio.ts';
import type { TemporalSettings } from '../temporal/connection.ts';
import { StartError, systemCodeOf } from '../start-error.ts';
import { EarlyExit, startChildServer, type ChildServer, type OnSpawn } from './child-server.ts';

type Key = { readonly id: string; readonly secret: string };

export type StartStudioWorkerOptions = {
  readonly studio: Studio;
  readonly dataDir: string;
  /** Where it asks what it is to draw. */
  readonly apiUrl: string;
  readonly drawerKeys: readonly Key[];
  readonly quality: string;
  /** Where Temporal is, for us and, in its standard variables, for it. */
  readonly temporal: TemporalSettings;
  readonly temporalEnv: Readonly<Record<string, string>>;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly log: Logger;
  readonly onSpawn?: OnSpawn | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long it is waited before it is started again, at first and at most. */
  readonly pausesMs?: readonly [number, number];
};

export type StudioWorker = {
  /** Of the process that draws now, or did last. */
  readonly pid: () => number;
  /** Stops it with all that it started, and waits. */
  stop: () => Promise<void>;
};

const readyWithinMs = 120_000;
/** One that ran for as long as this is started again as if for the first time. */
const steadyAfterMs = 60_000;

/** Starts the studio, and again whenever it ends by itself; throws a `StartError` when it cannot be had at first. */
export async function startStudioWorker(options: StartStudioWorkerOptions): Promise<StudioWorker> {
  const { log, pausesMs = [1_000, 60_000] } = options;
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  const start = () => {
    const signals = options.signal === undefined ? [stopping.signal] : [options.signal, stopping.signal];
    return startOnce({ ...options, signal: AbortSignal.any(signals) });
  };
  let worker = await start().catch((error: unknown) => {
    throw error instanceof EarlyExit ? explained(error, options.dataDir) : error;
  });

  const keepRunning = async () => {
    let [pauseMs] = pausesMs;
    let startedAt = performance.now();
    for (;;) {
      const how = await worker.exited;
      endGroup(worker.pid);
      if (isStopping()) return;
      if (performance.now() - startedAt > steadyAfterMs) [pauseMs] = pausesMs;
      log.warn({ pid: worker.pid, pauseMs }, `the studio ${how}; it is started again`);
      for (let isBack = false; !isBack; pauseMs = Math.min(2 * pauseMs, pausesMs[1])) {
        await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        if (isStopping()) return;
        startedAt = performance.now();
        isBack = await start().then(
          (next) => {
            worker = next;
            return true;
          },
          (error: unknown) => {
            if (!isStopping()) log.error({ err: error }, 'the studio could not be started again');
            return false;
          },
        );
      }
    }
  };
  const kept = keepRunning();

  return {
    pid: () => worker.pid,
    async stop() {
      stopping.abort();
      // One that is just being started again is stopped by whoever starts it.
      await Promise.all([worker.stop(), kept]);
    },
  };
}

async function startOnce(options: StartStudioWorkerOptions): Promise<ChildServer> {
  const { studio, dataDir, temporal, env } = options;
  const { namespace = 'default', connectionOptions } = temporal;
  const connection = Connection.lazy({ ...connectionOptions, interceptors: [] });
  const folder = studioFolderOf(dataDir);
  let spawnedPid: number | undefined;
  try {
    return await startChildServer({
      ...options,
      name: 'Studio',
      command: studio.python,
      args: ['-m', 'doppel_studio.worker'],
      env: {
        PATH: env['PATH'] ?? '',
        LANG: 'C.UTF-8',
        HOME: folder, // neither Blender's settings of the user nor Temporal's profiles reach it
        PYTHONPATH: studio.program,
        PYTHONUNBUFFERED: '1',
        DOPPEL_URL: options.apiUrl,
        DRAWER_KEYS: textOf(options.drawerKeys),
        ...(temporal.codecKeys ? { CODEC_KEYS: textOf(temporal.codecKeys) } : {}),
        ...options.temporalEnv,
        STUDIO_ASSETS: studio.assets,
        STUDIO_QUALITY: options.quality,
        STUDIO_PARENT_PIPE: '1', // it ends when its standard input does
      },
      cwd: folder,
      holdsInput: true,
      logFile: join(dataDir, 'logs/studio.log'),
      stopSignal: 'SIGTERM',
      isReady: (pid) => polls(connection, namespace, pid),
      readyWithinMs,
      onSpawn(server) {
        spawnedPid = server.pid;
        options.onSpawn?.(server);
      },
    });
  } catch (error) {
    if (spawnedPid !== undefined) endGroup(spawnedPid);
    throw error;
  } finally {
    await connection.close();
  }
}

const textOf = (keys: readonly Key[]) => keys.map(({ id, secret }) => `${id}:${secret}`).join(',');

const explained = ({ message }: StartError, dataDir: string) =>
  new StartError(
    `${message}\nRENDERER=illustrated starts without it; to have it anew, delete ${studioFolderOf(dataDir)} and run "npm run studio:install".`,
  );

/** Whether Temporal has seen this process ask for something to draw. */
async function polls(connection: Connection, namespace: string, pid: number): Promise<boolean> {
  const { TaskQueueType, DescribeTaskQueueMode } = proto.temporal.api.enums.v1;
  const activities = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY;
  const queue = { namespace, taskQueue: { name: taskQueues.studioRendering } };
  const { workflowService } = connection;
  // The first knows one partition of the queue, and where something waits in another one, a poller that is busy with it is seen there
  // alone. The second knows all, but Temporal means to do without it some day.
  const asked = await connection.withDeadline(Date.now() + 2_000, () =>
    Promise.allSettled([
      workflowService.describeTaskQueue({ ...queue, taskQueueType: activities }).then(({ pollers }) => pollers),
      workflowService
        .describeTaskQueue({
          ...queue,
          apiMode: DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
          taskQueueTypes: [activities],
          reportPollers: true,
        })
        .then(({ versionsInfo }) =>
          Object.values(versionsInfo).flatMap(({ typesInfo }) =>
            Object.values(typesInfo ?? {}).flatMap(({ pollers }) => pollers ?? []),
          ),
        ),
    ]),
  );
  const identity = `${String(pid)}@${hostname()}`;
  return asked.some((answer) => answer.status === 'fulfilled' && answer.value.some((one) => one.identity === identity));
}

/** Ends what a studio that was killed has left in its process group. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
}
