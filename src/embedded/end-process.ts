import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import { systemCodeOf } from '../start-error.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export const stopWithinMs = 8_000;
const killedWithinMs = 5_000;
const pollMs = 15;

/**
 * Asks a process to stop and waits until it has; after `stopWithinMs` kills it.
 * Answers `killed` then, `refused` where it belongs to another user or outlives even that.
 */
export async function endProcess(
  target: ProcessIdentity,
  signal: StopSignal,
  withinMs = stopWithinMs,
): Promise<'stopped' | 'killed' | 'refused'> {
  if (!sendSignal(target, signal)) return 'refused';
  if (await hasEnded(target, withinMs)) return 'stopped';
  if (!sendSignal(target, 'SIGKILL')) return 'refused';
  return (await hasEnded(target, killedWithinMs)) ? 'killed' : 'refused';
}

/** False where the process is not ours to signal; one that is gone counts as signaled. */
function sendSignal(target: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(target)) return true;
  try {
    return process.kill(target.pid, signal);
  } catch (error) {
    return systemCodeOf(error) === 'ESRCH';
  }
}

async function hasEnded(target: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(target)) {
    if (performance.now() > deadline) return false;
    await delay(pollMs);
  }
  return true;
}
