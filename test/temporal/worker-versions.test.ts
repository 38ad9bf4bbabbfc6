import assert from 'node:assert/strict';
import { untilDrained, type WorkerVersion } from '../../src/temporal/worker-versions.ts';

describe('a version of the workers', () => {
  /** Gives one status after the other; throws where there is an error in its place, and the last for ever. */
  const telling = (statuses: readonly (WorkerVersion['status'] | Error)[]) => {
    const left = [...statuses];
    return () => {
      const next = left.length > 1 ? left.shift() : left[0];
      return next instanceof Error || next === undefined
        ? Promise.reject(next ?? new Error('none'))
        : Promise.resolve(next);
    };
  };
  const options = () => ({ everyMs: 1, signal: new AbortController().signal });

  it('is drained once it was in use and has no job any more, whatever Temporal says meanwhile', async () => {
    await untilDrained(telling(['inactive', 'current', 'draining', new Error('away'), 'drained']), options());
    await untilDrained(telling(['draining', 'drained']), options());
  });

  it('is not drained while it waits to be made current, or is current again', async () => {
    for (const statuses of [['drained'], ['inactive', 'drained'], ['current', 'draining', 'current']] as const) {
      const closing = new AbortController();
      let asked = 0;
      const tell = telling(statuses);
      const drained = untilDrained(
        () => {
          if (++asked === 20) closing.abort();
          return tell();
        },
        { everyMs: 1, signal: closing.signal },
      );
      await assert.rejects(drained, { name: 'AbortError' });
    }
  });
});
