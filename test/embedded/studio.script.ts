// What a studio is to a start, for tests: it asks Temporal for what is to be drawn, has a process draw, and ends with its input or on
// SIGTERM. The file `plight` of its folder has it die before it asks.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import { taskQueues } from '../../src/domain/task-queues.ts';

const identity = `${String(process.pid)}@${hostname()}`;
const drawing = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
appendFileSync('starts', `${JSON.stringify({ pid: process.pid, drawingPid: drawing.pid, env: process.env })}\n`);
process.stderr.write('the studio has no chair\n');
if (existsSync('plight')) {
  drawing.kill();
  process.exit(3);
}
process.stdin.resume().on('close', () => process.exit());

const { TEMPORAL_ADDRESS: address = '', TEMPORAL_NAMESPACE: namespace = '' } = process.env;
const connection = await Connection.connect({ address });
const ask = () =>
  connection.workflowService.pollActivityTaskQueue({
    namespace,
    identity,
    taskQueue: { name: taskQueues.studioRendering },
  });
for (;;) await connection.withDeadline(Date.now() + 600_000, ask);
