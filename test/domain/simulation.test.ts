import assert from 'node:assert/strict';
import { parseSimulation } from '../../src/domain/simulation.ts';

describe('a simulation', () => {
  const read = [
    ['fail_shot=3', { failShot: 3 }],
    ['reject', { isRejected: true }],
    ['delay_ms=2000', { delayMs: 2_000 }],
    ['retry_after=5', { retryAfterS: 5 }],
    ['retry_after=300 , fail_shot=6,delay_ms=0', { retryAfterS: 300, failShot: 6, delayMs: 0 }],
  ] as const;
  for (const [text, simulation] of read) {
    it(`is read from "${text}"`, () => {
      assert.deepEqual(parseSimulation(text), simulation);
    });
  }

  const refused = [
    ['', /must be a list of/],
    ['fail', /must be a list of/],
    ['fail_shot', /must be a list of/],
    ['reject=1', /must be a list of/],
    ['reject,', /must be a list of/],
    ['delay_ms=-1', /must be a list of/],
    ['fail_shot=1.5', /must be a list of/],
    ['fail_shot=0', /fail_shot from 1 to 6/],
    ['fail_shot=7', /fail_shot from 1 to 6/],
    ['delay_ms=60001', /delay_ms from 0 to 60000/],
    ['retry_after=0', /retry_after from 1 to 300/],
    ['reject,reject', /each of its parts once/],
    ['fail_shot=1,fail_shot=2', /each of its parts once/],
  ] as const;
  for (const [text, message] of refused) {
    it(`is none in "${text}"`, () => {
      assert.throws(() => parseSimulation(text), { name: 'RangeError', message });
    });
  }
});
