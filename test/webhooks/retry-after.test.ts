import assert from 'node:assert/strict';
import { retryAfterMs } from '../../src/webhooks/retry-after.ts';

const now = Date.UTC(1994, 10, 6, 8, 49, 0);

describe('what Retry-After asks for', () => {
  for (const [header, ms] of [
    ['0', 0],
    ['120', 120_000],
    ['9'.repeat(400), 86_400_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
    ['Sun Nov  6 08:49:37 1994', 37_000],
    ['Sun, 06 Nov 1994 08:48:00 GMT', 0],
    ['Sun, 06 Nov 2044 08:49:37 GMT', 86_400_000],
    [['60', '120'], 120_000],
    [['soon', '60'], 60_000],
  ] as const) {
    it(`is ${String(ms)} ms of ${JSON.stringify(header).slice(0, 40)}`, () => {
      assert.equal(retryAfterMs(header, now), ms);
    });
  }

  for (const header of [
    ...['', 'soon', '-5', '+60', '1.5', '1e3', '0x10', 'wait 12', 'retry in 40', 'try 49', '2040-01-01'],
    ...['1994-11-06T08:49:37Z', 'Sun, 06 Nov 1994 08:49:37', 'Sun, 06 Nov 1994 08:49:37 CET', 'Nov 6 1994'],
    ...['Sun, 99 Nov 1994 08:49:37 GMT', 'Sun, 06 Now 1994 08:49:37 GMT'],
  ]) {
    it(`is nothing of ${JSON.stringify(header)}`, () => {
      assert.equal(retryAfterMs(header, now), null);
      assert.equal(retryAfterMs([header], now), null);
    });
  }

  it('is nothing without the header', () => {
    assert.equal(retryAfterMs(undefined, now), null);
    assert.equal(retryAfterMs([], now), null);
  });
});
