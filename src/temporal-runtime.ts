import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

interface RuntimeOptions {
  /** Where its core serves its metrics, as `host:port`; null for nowhere. */
  metricsAddress?: string | null;
}

/**
 * Sends what Temporal's SDK logs to our log, and leaves the signals to us. Once per process, before any worker; what it gives
 * is to be called last, since until then the process does not end.
 */
export function installTemporalRuntime(
  log: Logger,
  { metricsAddress = null }: RuntimeOptions = {},
): () => Promise<void> {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      log[levels[level]](meta ?? {}, message);
    }),
    // Its core is written in Rust and would write to the console itself.
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
      ...(metricsAddress === null
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metricsAddress,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
  });
  return () => Runtime.instance().shutdown();
}
