import { v7 as newId } from 'uuid';
import { startApi } from '../api.ts';
import type { Config } from '../config.ts';
import { createStartingApp } from '../http/frame.ts';
import { openServer } from '../http/server.ts';
import { chooseRenderer } from '../studio/choose-renderer.ts';
import { openLog } from './open-log.ts';
import { openMetrics } from './open-metrics.ts';
import { requireSetting } from './require-setting.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { traced } from './trace.ts';

/** `doppel api`: one API process on the Postgres and the Temporal of the environment. */
export async function api(config: Config): Promise<void> {
  const log = openLog(config);
  const databaseUrl = requireSetting('DATABASE_URL', config.databaseUrl);
  const signingKeys = requireSetting('SIGNING_KEYS', config.signingKeys);
  const renderer = chooseRenderer(config.renderer, { hasStudio: false, drawerKeys: config.drawerKeys });
  await runUntilStopped(async (opened) => {
    if (config.metricsPort !== null) {
      const place = { host: config.host, port: config.metricsPort, sdkAddress: null };
      opened.add((await openMetrics(place, log)).close);
    }
    const temporal = await traced(config, 'doppel-api', opened);
    const server = await openServer(config, createStartingApp({ ...config, newId, log }).callback());
    opened.add(server.close);
    const running = await startApi({
      ...config,
      temporal,
      server,
      databaseUrl,
      signingKeys,
      publicUrl: config.publicUrl ?? server.url,
      renderer,
      log,
    });
    opened.add(running.close);
    log.info({ url: server.url }, 'API listens');
    return {};
  });
}
