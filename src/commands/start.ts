import path from 'node:path';
import type { Config } from '../config.ts';
import { startEverything, type Everything } from '../embedded.ts';
import type { RendererChoice } from '../studio/choose-renderer.ts';
import { installTemporalRuntime } from '../temporal-runtime.ts';
import { openLogFile } from './open-log.ts';
import { metricsPlaces, openMetrics } from './open-metrics.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { traced } from './trace.ts';

/** `doppel start`: everything in one process, and how to try it. */
export async function start(config: Config): Promise<void> {
  const startedAt = performance.now();
  const { log, file } = openLogFile(config);
  const say = (message: string) => {
    console.log(`  ${message}`);
  };
  console.log('Doppel');
  await runUntilStopped(async (opened, signal) => {
    const metrics = await metricsPlaces(config);
    opened.add(installTemporalRuntime(log, { metricsAddress: metrics?.sdkAddress ?? null }));
    if (metrics !== null) opened.add((await openMetrics(metrics, log)).close);
    const temporal = await traced(config, 'doppel', opened);
    const everything = await startEverything({ ...config, temporal }, opened, { onProgress: say, log, signal });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(welcome(everything, { logFile: path.relative('', file), seconds, choice: config.renderer }));
    return everything;
  }, say);
}

interface Outcome {
  logFile: string;
  seconds: string;
  choice: RendererChoice;
}

function welcome({ demo, renderer }: Everything, { logFile, seconds, choice }: Outcome): string {
  const canBeBetter = choice === 'auto' && renderer === 'illustrated';
  const hint = canBeBetter ? '; "npm run studio:install" has people rendered in three dimensions' : '';
  const wait = renderer === 'studio' ? ', whose images the studio makes first' : '';
  return `
Ready after ${seconds} s. Ctrl-C stops it; the next start goes on with the same data.

  API          ${demo.apiUrl}
  Console      ${demo.apiUrl}/console/
  API docs     ${demo.apiUrl}/docs
  Temporal UI  ${demo.temporalUiUrl ?? 'that of the Temporal you configured'}
  Log          ${logFile}
  Renderer     ${renderer}${hint}

Clone the demo influencer${wait}:

curl -X POST ${demo.apiUrl}/v1/influencers/${demo.influencerId}/clone \\
  -H "X-Api-Key: ${demo.apiKey}" -H "Content-Type: application/json" \\
  -d '{"name":"Ava Chen (EU)","overrides":{"vibe":"sharper, more deadpan"}}'

Then read its job, at the locationUrl of the answer:

curl -H "X-Api-Key: ${demo.apiKey}" ${demo.apiUrl}/v1/jobs/…
`;
}
