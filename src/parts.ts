import type { Connection } from '@temporalio/client';
import { query, type Trx } from './db/database.ts';

const answerWithinMs = 500;

/** Tells which of the servers that a process works with answer now. */
export async function partsOf(
  database: Trx,
  connection: Connection,
): Promise<{ postgres: 'up' | 'down'; temporal: 'up' | 'down' }> {
  const [postgres, temporal] = await Promise.all([
    isUp(query(database, 'select')),
    isUp(connection.withDeadline(Date.now() + answerWithinMs, () => connection.workflowService.getSystemInfo({}))),
  ]);
  return { postgres, temporal };
}

const isUp = (answer: Promise<unknown>) =>
  answer.then(
    () => 'up' as const,
    () => 'down' as const, // the answer to the question, not an error
  );
