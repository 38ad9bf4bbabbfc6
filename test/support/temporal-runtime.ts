// One quiet Runtime of Temporal's SDK for the whole run: it would log to the console, and can be installed only once.

import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

/** Mocha's, run once before all files: whoever opens a worker or a connection first would install a Runtime that logs. */
export function mochaGlobalSetup(): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
    },
  });
}

/** Mocha's, run once after all files: a Runtime that no worker used keeps the process alive. */
export async function mochaGlobalTeardown(): Promise<void> {
  await Runtime.instance().shutdown();
}
