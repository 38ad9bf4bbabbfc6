import assert from 'node:assert/strict';
import { networkOf } from '../../src/http/network.ts';

describe('whom an address belongs to', () => {
  it('is itself for IPv4, however it is written', () => {
    assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
    assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  });

  it('is the /64 for IPv6, however it is written', () => {
    for (const address of [
      '2001:db8:0:1:2:3:4:5',
      '2001:DB8:0000:0001::9',
      '2001:db8:0:1::',
      '2001:db8::1:0:0:0:7',
      '2001:db8:0:1:2:3:4:5%eth0',
    ]) {
      assert.equal(networkOf(address), '2001:db8:0:1::/64', address);
    }
    assert.equal(networkOf('::1'), '0:0:0:0::/64');
  });

  it('is the text itself where it is no address', () => {
    assert.equal(networkOf('unknown'), 'unknown');
    assert.equal(networkOf(''), '');
  });
});
