import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hourOf, signedUrls, type SigningKey } from '../../src/storage/signed-urls.ts';

const first: SigningKey = { id: 'first', secret: 'a secret of the tests, long enough' };
const second: SigningKey = { id: 'second', secret: 'another secret of the tests, as long' };
const publicUrl = 'https://api.example.com/doppel';
const key = 'org/job/1/portrait/abc.webp';
const hourMs = 3_600_000;
const at = (time: string) => new Date(time);
const queryOf = (url: string) => new URL(url).searchParams;

describe('a signed URL', () => {
  const urls = signedUrls(publicUrl, [first]);
  const now = at('2026-02-03T04:05:06.789Z');

  it('is below the public URL, under the object’s key', () => {
    assert.ok(urls.urlOf(key, now).startsWith(`${publicUrl}/files/${key}?`));
  });

  it('opens until the next full hour but one, so for one to two hours', () => {
    fc.assert(
      fc.property(fc.date({ min: at('2020-01-01'), max: at('2200-01-01'), noInvalidDate: true }), (moment) => {
        const query = queryOf(urls.urlOf(key, moment));
        const end = urls.expiryOf(key, query, moment)?.getTime() ?? 0;
        assert.equal(end % hourMs, 0);
        assert.ok(end - moment.getTime() > hourMs && end - moment.getTime() <= 2 * hourMs);
        assert.deepEqual(urls.expiryOf(key, query, new Date(end - 1)), new Date(end));
        assert.equal(urls.expiryOf(key, query, new Date(end)), null);
      }),
    );
  });

  it('stays the same within an hour, and is another in the next', () => {
    const start = urls.urlOf(key, at('2026-02-03T04:00:00.000Z'));
    assert.equal(urls.urlOf(key, at('2026-02-03T04:59:59.999Z')), start);
    assert.notEqual(urls.urlOf(key, at('2026-02-03T05:00:00.000Z')), start);
    assert.equal(hourOf(at('2026-02-03T05:00:00.000Z')), hourOf(at('2026-02-03T04:59:59.999Z')) + 1);
  });

  it('opens nothing else, and not with anything changed', () => {
    const good = queryOf(urls.urlOf(key, now));
    assert.notEqual(urls.expiryOf(key, good, now), null);
    assert.equal(urls.expiryOf(`${key}x`, good, now), null);
    assert.equal(urls.expiryOf('', good, now), null);
    const changed = (change: (query: URLSearchParams) => void) => {
      const query = new URLSearchParams(good);
      change(query);
      return query;
    };
    const signature = good.get('signature') ?? '';
    const later = String(Number(good.get('expires')) + 3_600);
    for (const query of [
      changed((one) => {
        one.set('expires', later);
      }),
      changed((one) => {
        one.set('expires', `${good.get('expires') ?? ''}.0`);
      }),
      changed((one) => {
        one.set('expires', `0${good.get('expires') ?? ''}`);
      }),
      changed((one) => {
        one.set('signature', `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`);
      }),
      changed((one) => {
        one.set('signature', signature.slice(0, -2));
      }),
      changed((one) => {
        one.set('signature', '');
      }),
      changed((one) => {
        one.set('key', 'nobody');
      }),
      ...['expires', 'signature', 'key'].map((name) =>
        changed((one) => {
          one.delete(name);
        }),
      ),
    ]) {
      assert.equal(urls.expiryOf(key, query, now), null, query.toString());
    }
  });

  it('of a key and an end together does not open what they spell in another way', () => {
    const query = queryOf(urls.urlOf('a\n1', now));
    query.set('expires', `1\n${query.get('expires') ?? ''}`);
    assert.equal(urls.expiryOf('a', query, now), null);
  });

  describe('after a change of keys', () => {
    const rotated = signedUrls(publicUrl, [second, first]);

    it('is signed by the first key, and still opens when any other signed it', () => {
      assert.equal(queryOf(rotated.urlOf(key, now)).get('key'), 'second');
      assert.notEqual(rotated.expiryOf(key, queryOf(urls.urlOf(key, now)), now), null);
      assert.notEqual(rotated.expiryOf(key, queryOf(rotated.urlOf(key, now)), now), null);
    });

    it('does not open once its key is gone, nor under another key’s name', () => {
      const query = queryOf(urls.urlOf(key, now));
      assert.equal(signedUrls(publicUrl, [second]).expiryOf(key, query, now), null);
      query.set('key', 'second');
      assert.equal(rotated.expiryOf(key, query, now), null);
    });
  });
});
