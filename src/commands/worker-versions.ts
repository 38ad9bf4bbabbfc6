import type { Config } from '../config.ts';
import { StartError } from '../start-error.ts';
import { openTemporal } from '../temporal/connection.ts';
import {
  listWorkerVersions,
  makeVersionCurrent,
  rampVersion,
  type DeploymentPlace,
  type WorkerVersion,
} from '../temporal/worker-versions.ts';

async function withDeployment(config: Config, act: (place: DeploymentPlace) => Promise<void>): Promise<void> {
  const { connection } = openTemporal(config.temporal);
  const namespace = config.temporal.namespace ?? 'default';
  try {
    await connection.withDeadline(Date.now() + 10_000, () => act({ connection, namespace }));
  } catch (error) {
    // What Temporal says of it is for people: that no worker of this version polls, that there is no such deployment.
    const details = (error as { details?: unknown }).details;
    if (typeof details !== 'string') throw error;
    throw new StartError(`Temporal refuses: ${details}`);
  } finally {
    await connection.close();
  }
}

const said = ({ buildId, status, rampPercentage }: WorkerVersion): string =>
  `${buildId.padEnd(24)} ${status === 'ramping' ? `ramping, ${String(rampPercentage)} %` : status}`;

/** `doppel worker-versions list`. */
export const listVersions = (config: Config): Promise<void> =>
  withDeployment(config, async (place) => {
    for (const version of await listWorkerVersions(place)) console.log(said(version));
  });

/** `doppel worker-versions make-current`. */
export const makeCurrent = (config: Config, buildId: string): Promise<void> =>
  withDeployment(config, async (place) => {
    await makeVersionCurrent(place, buildId);
    console.log(`${buildId} is current: what begins from now on begins on it.`);
  });

/** `doppel worker-versions ramp`. */
export const ramp = (config: Config, { buildId, percent }: { buildId: string; percent: number }): Promise<void> =>
  withDeployment(config, async (place) => {
    await rampVersion(place, buildId, percent);
    console.log(
      percent === 0
        ? 'Nothing is ramped any more: all that begins from now on begins on the current version.'
        : `${String(percent)} % of what begins from now on begins on ${buildId}.`,
    );
  });
