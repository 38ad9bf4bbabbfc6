import assert from 'node:assert/strict';
import { openLog } from '../../src/commands/open-log.ts';

describe('the log', () => {
  const logged = (error: unknown): { err: Record<string, unknown> } => {
    let line = '';
    openLog({ logLevel: 'info' }, { write: (text) => (line += text) }).error({ err: error }, 'it failed');
    return JSON.parse(line);
  };

  it('shows an error with its stack and its cause', () => {
    const { err } = logged(Object.assign(new Error('above', { cause: new Error('below') }), { code: 'ECODE' }));
    assert.deepEqual([err['message'], err['code'], err['type']], ['above: below', 'ECODE', 'Error']);
    assert.match(String(err['stack']), /open-log\.test\.ts[^]*caused by: Error: below/);
  });

  it('cuts what would fill a disk, and says how much there was', () => {
    const { err } = logged(new Error('x'.repeat(3_000_000)));
    assert.match(String(err['message']), /^x{10000}… \(3000000 in all\)$/);
    assert.ok(JSON.stringify(err).length < 25_000);
  });

  it('shows what is no error as it is', () => {
    assert.equal(logged('only a text')['err'], 'only a text');
  });
});
