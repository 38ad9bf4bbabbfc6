import { v7 as newId } from 'uuid';
import type { Config } from '../config.ts';
import { codecRoutes } from '../codec-server.ts';
import { cors } from '../http/cors.ts';
import { createFrame, serve } from '../http/frame.ts';
import { openServer } from '../http/server.ts';
import { payloadCodec } from '../temporal/payload-codec.ts';
import { openLog } from './open-log.ts';
import { requireSetting } from './require-setting.ts';
import { runUntilStopped } from './run-until-stopped.ts';

/** `doppel codec-server`: shows Temporal's UI and command line what Temporal keeps encrypted. */
export async function codecServer(config: Config): Promise<void> {
  const log = openLog(config);
  const codec = payloadCodec(requireSetting('CODEC_KEYS', config.temporal.codecKeys ?? null));
  const token = requireSetting('CODEC_TOKEN', config.codecToken);
  await runUntilStopped(async (opened) => {
    let isDraining = false;
    const health = { isDraining: () => isDraining, check: () => Promise.resolve({ isReady: true, parts: {} }) };
    const app = createFrame({ health, newId, log });
    // Before all else: a browser asks whether it may without saying who it is.
    if (config.temporalUiUrl !== null) {
      const rules = { headers: 'Authorization, Content-Type, X-Namespace', exposed: '', withCredentials: true };
      app.use(cors([new URL(config.temporalUiUrl).origin], rules));
    }
    serve(app, codecRoutes(codec, token));
    const server = await openServer({ host: config.host, port: config.codecPort }, app.callback());
    opened.add(server.close);
    opened.add(() => {
      isDraining = true;
    });
    log.info({ url: server.url }, 'codec server listens');
    return {};
  });
}
