import { cancellationSignal, heartbeat } from '@temporalio/activity';

/** Does batches of at most `size` until one is not full; gives how many things were done. */
export async function inBatches(size: number, doBatch: () => Promise<number>): Promise<number> {
  let done = 0;
  for (;;) {
    cancellationSignal().throwIfAborted();
    const count = await doBatch();
    done += count;
    heartbeat(done);
    if (count < size) return done;
  }
}
