import { v7 as newId } from 'uuid';
import type { Config } from '../config.ts';
import { createFrame, createStartingApp } from '../http/frame.ts';
import { openServer } from '../http/server.ts';
import { installTemporalRuntime } from '../temporal-runtime.ts';
import { startWorker } from '../worker.ts';
import { openLog } from './open-log.ts';
import { metricsPlaces, openMetrics } from './open-metrics.ts';
import { requireSetting } from './require-setting.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { traced } from './trace.ts';

/** `doppel worker`: one worker process on the Postgres and the Temporal of the environment, with health endpoints. */
export async function worker(config: Config): Promise<void> {
  const log = openLog(config);
  const databaseUrl = requireSetting('DATABASE_URL', config.databaseUrl);
  await runUntilStopped(async (opened) => {
    const metrics = await metricsPlaces(config);
    opened.add(installTemporalRuntime(log, { metricsAddress: metrics?.sdkAddress ?? null }));
    if (metrics !== null) opened.add((await openMetrics(metrics, log)).close);
    const temporal = await traced(config, 'doppel-worker', opened);
    const server = await openServer(
      { host: config.host, port: config.workerPort },
      createStartingApp({ newId, log }).callback(),
    );
    opened.add(server.close);
    const running = await startWorker({ ...config, temporal, databaseUrl, log });
    opened.add(running.close);
    let isDraining = false;
    opened.add(() => {
      isDraining = true;
    });
    const health = { isDraining: () => isDraining, check: running.check };
    server.serve(createFrame({ health, newId, log }).callback());
    log.info({ url: server.url }, 'worker started');
    const ended = running.drained.then(() => {
      log.info({ buildId: config.workerBuildId }, 'no job is left of this version: the worker ends');
      return null;
    });
    return { ended };
  });
}
