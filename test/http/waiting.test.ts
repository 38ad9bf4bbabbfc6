import assert from 'node:assert/strict';
import { waitIn } from '../../src/http/waiting.ts';

describe('Prefer', () => {
  for (const [header, seconds] of [
    ['wait=10', 10],
    ['wait=0', 0],
    ['wait=60', 60],
    ['wait=61', 60],
    ['wait=99999999999999999999', 60],
    ['wait="7"', 7],
    ['WAIT=7', 7],
    ['  wait =  7 ', 7],
    ['wait=7; foo="a, b"', 7],
    ['respond-async, wait=7', 7],
    ['respond-async,wait=7,handling=lenient', 7],
    ['foo="wait=3, wait=4", wait=7', 7],
    ['foo="\\", wait=3", wait=7', 7],
    ['wait=7, wait=8', 7],
    ['foo; wait=3', null],
    ['', null],
    ['wait', null],
    ['wait=', null],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['wait=x', null],
    ['wait="7', null],
    ['wait=7"', null],
    ['waits=7', null],
    ['wait=x, wait=7', null],
    [', ,;=', null],
  ] as const) {
    it(`"${header}" ${seconds === null ? 'asks for no waiting' : `waits ${String(seconds)} s`}`, () => {
      assert.equal(waitIn(header), seconds);
    });
  }

  it('of any length and form is read in no time', () => {
    for (const piece of ['"', ';', ' ', '\\', ',"', '="', 'wait']) {
      const startedAt = performance.now();
      waitIn(piece.repeat(16_384 / piece.length));
      assert.ok(performance.now() - startedAt < 500, piece);
    }
  });
});
