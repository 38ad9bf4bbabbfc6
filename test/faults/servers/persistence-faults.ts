// What Temporal does to itself between it and its database: common/persistence/faultinjection of temporalio/temporal.

export interface PersistenceFaults {
  seed: number;
  /** How often what was done is reported as failed, from 0 to 1; what is not done and what is refused are a fifth of it each. */
  rate: number;
}

const writes = {
  ExecutionStore: [
    'CreateWorkflowExecution',
    'UpdateWorkflowExecution',
    'AppendHistoryNodes',
    'AddHistoryTasks',
    'RangeCompleteHistoryTasks',
  ],
  TaskStore: ['CreateTasks', 'UpdateTaskQueue', 'CompleteTasksLessThan'],
  ShardStore: ['UpdateShard'],
};
const reads = {
  ExecutionStore: ['GetWorkflowExecution', 'GetCurrentExecution', 'ReadHistoryBranch', 'GetHistoryTasks'],
  TaskStore: ['GetTasks'],
};

/** The `faultInjection` of a datastore in the server's configuration. */
export function faultInjection({ seed, rate }: PersistenceFaults): object {
  const ofReads = { Timeout: rate / 5, ResourceExhausted: rate / 5 };
  const ofWrites = { ExecuteAndTimeout: rate, ...ofReads };
  let methodSeed = seed * 1_000; // one for all would fail them in step
  const methods = (names: readonly string[], errors: Record<string, number>) =>
    Object.fromEntries(names.map((name) => [name, { seed: ++methodSeed, errors }]));
  return {
    targets: {
      dataStores: {
        ExecutionStore: {
          methods: { ...methods(writes.ExecutionStore, ofWrites), ...methods(reads.ExecutionStore, ofReads) },
        },
        TaskStore: { methods: { ...methods(writes.TaskStore, ofWrites), ...methods(reads.TaskStore, ofReads) } },
        ShardStore: { methods: methods(writes.ShardStore, ofWrites) },
      },
    },
  };
}

/** How many of them there were since the server started, as its metrics tell. */
export async function persistenceFaultsSoFar(metricsUrl: string): Promise<number> {
  const lines = (await (await fetch(metricsUrl)).text()).split('\n');
  return lines
    .filter((line) => /^persistence_error_with_type\{.*error_type="[^"]*(Timeout|Exhausted)/.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
