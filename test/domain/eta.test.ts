import assert from 'node:assert/strict';
import { etaOf } from '../../src/domain/eta.ts';

describe('when the shots of a job should be drawn', () => {
  const now = new Date('2026-11-24T10:00:00Z');
  const ago = (ms: number) => ({ isSettled: false, startedAt: new Date(now.getTime() - ms) });
  const waiting = { isSettled: false, startedAt: null };
  const done = { isSettled: true, startedAt: new Date(0) };
  const msFromNow = (shots: Parameters<typeof etaOf>[0]) => {
    const eta = etaOf(shots, { drawingMs: 1_000, now });
    return eta === null ? null : eta.getTime() - now.getTime();
  };

  it('is not said while none is being drawn', () => {
    assert.equal(msFromNow([waiting, done]), null);
    assert.equal(msFromNow([]), null);
  });

  it('is when the youngest of those that are being drawn has had its time', () => {
    assert.equal(msFromNow([ago(900), ago(200), done]), 800);
  });

  it('gives those that wait their turn in rounds of as many as are drawn at once', () => {
    assert.equal(msFromNow([ago(500), ago(500), waiting, waiting, waiting]), 500 + 2_000);
  });

  it('is never past, however long a drawing takes', () => {
    assert.equal(msFromNow([ago(60_000)]), 0);
    assert.equal(msFromNow([ago(60_000), waiting]), 1_000);
  });
});
