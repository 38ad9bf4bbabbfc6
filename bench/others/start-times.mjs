// Loaded before a program: on SIGUSR2 writes how long it was from the answer of each COMMIT that accepts jobs to the call that starts each
// one's workflow, in ms.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { URL } from 'node:url';

// Those that the program loads, and not the benchmark's own.
const require = createRequire(new URL('../../dist/src/main.js', import.meta.url));
const { WorkflowClient } = require('@temporalio/client');
const pg = require('pg');

const committed = new Map();
let times = [];

const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (statement, callback) {
  if (!/^\s*with request as materialized/.test(statement.text)) return query.call(this, statement, callback);
  return query.call(this, statement, (error, result) => {
    const now = performance.now();
    for (const { jobId } of result?.rows ?? []) committed.set(jobId, now);
    callback(error, result);
  });
};

const { start } = WorkflowClient.prototype;
WorkflowClient.prototype.start = function (type, options) {
  const { jobId } = options.args[0];
  const at = committed.get(jobId);
  if (at !== undefined) times.push(performance.now() - at);
  committed.delete(jobId);
  return start.call(this, type, options);
};

process.on('SIGUSR2', () => {
  writeFileSync(process.env.TIMES_FILE, JSON.stringify(times));
  times = [];
});
