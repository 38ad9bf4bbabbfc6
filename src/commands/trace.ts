import type { Closers } from '../closers.ts';
import type { Config } from '../config.ts';
import type { TemporalSettings } from '../temporal/connection.ts';

/** Begins to trace this process, where traces are sent anywhere; gives the settings with what traces Temporal. */
export async function traced(config: Config, service: string, opened: Closers): Promise<TemporalSettings> {
  if (!config.isTraced) return config.temporal;
  const { startTracing } = await import('../tracing.ts'); // large, and of no use otherwise
  const { plugin, close } = startTracing(service);
  opened.add(close);
  return { ...config.temporal, tracing: plugin };
}
