// A start of its own, for tests that kill it.
import { startStudioWorker, type StartStudioWorkerOptions } from '../../src/embedded/studio-worker.ts';
import { recordingLog } from '../support/log.ts';

const options = JSON.parse(process.argv[2] ?? '') as Omit<StartStudioWorkerOptions, 'log'>;
const { pid } = await startStudioWorker({ ...options, log: recordingLog().log });
process.stdout.write(`${String(pid())}\n`);
