import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSender } from '../../src/webhooks/send-webhook.ts';
import { resolveWith, type Resolve } from '../../src/webhooks/system-resolve.ts';
import { startNameServer, type NameServer } from '../support/name-server.ts';
import { noNetwork } from '../support/webhooks.ts';

const six = '2606:4700:4700:0000:0000:0000:0000:1111';
const slow = Array.from({ length: 20 }, (_, index) => `slow${String(index)}.example.com`);

describe('looking up a receiver', () => {
  let server: NameServer;
  let resolve: Resolve;
  before(async () => {
    server = await startNameServer({
      'fast.example.com': { ipv4: ['8.8.8.8', '9.9.9.9'], ipv6: [six] },
      'four.example.com': { ipv4: ['8.8.8.8'], ipv6: [] },
      'six.example.com': { ipv4: [], ipv6: [six] },
      'half.example.com': { ipv4: ['8.8.8.8'], ipv6: null },
      'nothing.example.com': { ipv4: [], ipv6: [] },
      ...Object.fromEntries(slow.map((name) => [name, { ipv4: null, ipv6: null }])),
    });
    resolve = resolveWith({ servers: [server.address], withinMs: 400 });
  });
  after(() => server.close());

  it('gives all addresses, those of IPv4 first', async () => {
    const [first, second, third, ...more] = await resolve('fast.example.com');
    assert.deepEqual([[first, second].sort(), third, more], [['8.8.8.8', '9.9.9.9'], '2606:4700:4700::1111', []]);
    assert.deepEqual(await resolve('four.example.com'), ['8.8.8.8']);
    assert.deepEqual(await resolve('six.example.com'), ['2606:4700:4700::1111']);
  });

  it('takes one family where the question for the other is never answered', async () => {
    assert.deepEqual(await resolve('half.example.com'), ['8.8.8.8']);
  });

  it('is held up by no number of names that nobody answers for', async () => {
    const unanswered = slow.map((name) => resolve(name));
    const endings = Promise.allSettled(unanswered);
    let isSlow = false;
    void endings.then(() => {
      isSlow = true;
    });
    for (let index = 0; index < 5; index++) assert.equal((await resolve('fast.example.com')).length, 3);
    assert.equal(isSlow, false);
    assert.ok((await endings).every(({ status }) => status === 'rejected'));
  });

  for (const [what, name] of [
    ['that nobody answers for', 'slow0.example.com'],
    ['without addresses', 'nothing.example.com'],
    ['that is not there', 'missing.example.com'],
  ] as const) {
    it(`tells of a name ${what} as dns, in time`, async () => {
      const { dial, dialled } = noNetwork();
      const send = createSender({ allowsLocalhost: false, resolve, dial });
      const sent = await send({
        ...{ id: 'evt_1', url: `https://${name}/`, at: new Date(), body: '{}', secrets: [randomBytes(32)] },
      });
      assert.deepEqual([sent.error, dialled], ['dns', []]);
      assert.ok(sent.durationMs < 2_000, String(sent.durationMs));
    });
  }
});
