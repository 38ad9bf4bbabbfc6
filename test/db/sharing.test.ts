import assert from 'node:assert/strict';
import { sharing } from '../../src/db/sharing.ts';
import { gate } from '../support/gate.ts';

describe('sharing a call', () => {
  it('lets those that come while one is under way share the next', async () => {
    const [begun, ended] = [gate(), gate()];
    const calls: (readonly number[])[] = [];
    const share = sharing(async (items: readonly number[]) => {
      calls.push(items);
      begun.open();
      await ended.opened;
    });
    const first = share(1);
    await begun.opened;
    const others = [share(2), share(3)];
    ended.open();
    await Promise.all([first, ...others]);
    await share(4);
    assert.deepEqual(calls, [[1], [2, 3], [4]]);
  });

  it('tells each what became of the call that it was in, and goes on', async () => {
    const share = sharing((items: readonly number[]) =>
      items.includes(2) ? Promise.reject(new Error('2')) : Promise.resolve(),
    );
    const together = await Promise.allSettled([share(1), share(2)]);
    assert.deepEqual(
      together.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await share(1);
  });
});
