// All workers of the service are one worker deployment of Temporal's, and each release of them is a version of it: a job ends on the
// version that it began on (https://docs.temporal.io/worker-versioning).

import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';

export const deploymentName = 'doppel';

/** By their numbers: temporal.api.enums.v1.WorkerDeploymentVersionStatus. */
const statuses = ['unknown', 'inactive', 'current', 'ramping', 'draining', 'drained', 'inactive'] as const;

export interface WorkerVersion {
  buildId: string;
  /** What begins goes to the `current` one, a part of it to the `ramping` one; a `draining` one has jobs yet that began on it, a `drained` one none. */
  status: (typeof statuses)[number];
  /** Which part of what begins goes to it while it is ramping, in percent. */
  rampPercentage: number;
}

const statusOf = (status: number | null | undefined): WorkerVersion['status'] => statuses[status ?? 0] ?? 'unknown';

/** Where the deployment is. */
export interface DeploymentPlace {
  connection: Pick<Connection, 'workflowService'>;
  namespace: string;
}

/** Lists the versions whose workers have polled, the newest first. Throws Temporal's NOT_FOUND where none has. */
export async function listWorkerVersions({ connection, namespace }: DeploymentPlace): Promise<WorkerVersion[]> {
  const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment({
    namespace,
    deploymentName,
  });
  const { versionSummaries, routingConfig } = workerDeploymentInfo ?? {};
  return (versionSummaries ?? [])
    .map((version) => {
      const status = statusOf(version.status);
      return {
        buildId: version.deploymentVersion?.buildId ?? '',
        status,
        rampPercentage: status === 'ramping' ? (routingConfig?.rampingVersionPercentage ?? 0) : 0,
        createdAt: Number(version.createTime?.seconds ?? 0),
      };
    })
    .sort((one, other) => other.createdAt - one.createdAt)
    .map(({ createdAt: _, ...version }) => version);
}

/** Has all jobs that begin from now on begin on a version. Throws Temporal's error where none of its workers polls. */
export async function makeVersionCurrent({ connection, namespace }: DeploymentPlace, buildId: string): Promise<void> {
  await connection.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId });
}

/** Has a part of the jobs that begin from now on begin on a version, in percent; 0 ends that. */
export async function rampVersion(
  { connection, namespace }: DeploymentPlace,
  buildId: string,
  percentage: number,
): Promise<void> {
  await connection.workflowService.setWorkerDeploymentRampingVersion({
    namespace,
    deploymentName,
    buildId: percentage === 0 ? '' : buildId,
    percentage,
  });
}

/**
 * Waits until a version that was in use has no job any more, and gets none; never ends for one that is not in use, which may be about
 * to be. Rejects as `delay` does when the signal aborts.
 */
export async function untilDrained(
  status: () => Promise<WorkerVersion['status']>,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<void> {
  let wasInUse = false;
  for (;;) {
    // Temporal may be away, or not know it yet: that is as good as no change.
    const now = await status().catch(() => 'unknown' as const);
    if (now === 'drained' && wasInUse) return;
    if (now === 'current' || now === 'ramping' || now === 'draining') wasInUse = true;
    await delay(everyMs, undefined, { signal });
  }
}

/** Tells what a version is now; `unknown` also for one that Temporal does not know. */
export async function versionStatus(place: DeploymentPlace, buildId: string): Promise<WorkerVersion['status']> {
  const { connection, namespace } = place;
  const { workerDeploymentVersionInfo } = await connection.workflowService.describeWorkerDeploymentVersion({
    namespace,
    deploymentVersion: { deploymentName, buildId },
  });
  return statusOf(workerDeploymentVersionInfo?.status);
}
