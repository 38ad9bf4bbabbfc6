import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import type * as workflows from '../../workflows/index.ts'; // types only: the API process loads no workflow code

type Workflows = typeof workflows;

/** Starts a workflow under its id. Safe to repeat: one that runs, or that ran, is left alone. */
export async function startOnce<Name extends keyof Workflows>(
  temporal: Client,
  name: Name,
  options: Omit<WorkflowStartOptions, 'args'> & { args: Parameters<Workflows[Name]> },
): Promise<void> {
  try {
    await temporal.workflow.start(name, {
      ...options,
      workflowIdConflictPolicy: 'USE_EXISTING', // it runs already: nothing to do
      workflowIdReusePolicy: 'REJECT_DUPLICATE', // it ran already (within retention): an error that means done
      // A worker that dies with a workflow task is noticed after this; its tasks take milliseconds.
      workflowTaskTimeout: '10 seconds',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
