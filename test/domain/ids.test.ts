import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatId, idPattern, idPrefixes, parseId, type IdKind } from '../../src/domain/ids.ts';
import { spellingsOf } from '../support/builders.ts';

const kinds = fc.constantFrom(...(Object.keys(idPrefixes) as IdKind[]));
const uuids = fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] });
const matches = (kind: IdKind, text: string) => new RegExp(idPattern(kind), 'u').test(text);

describe('an id', () => {
  it('comes out as its prefix and 26 characters of Crockford’s base32, in upper case', () => {
    assert.equal(formatId('influencer', '00000000-0000-0000-0000-000000000000'), `inf_${'0'.repeat(26)}`);
    assert.equal(formatId('job', 'ffffffff-ffff-ffff-ffff-ffffffffffff'), `job_7${'Z'.repeat(25)}`);
    // The example of the ULID specification: the same bits are the same text.
    assert.equal(formatId('asset', '01563e3a-b5d3-d676-4c61-efb99302bd5b'), 'ast_01ARZ3NDEKTSV4RRFFQ69G5FAV');
  });

  it('is read from every spelling as the UUID that it was', () => {
    fc.assert(
      fc.property(kinds, uuids, (kind, uuid) => {
        for (const [spelling, text] of Object.entries(spellingsOf(kind, uuid))) {
          assert.ok(matches(kind, text), spelling);
          assert.equal(parseId(kind, text), uuid, spelling);
        }
      }),
    );
  });

  it('sorts like its UUID, in every spelling that comes out', () => {
    fc.assert(
      fc.property(uuids, uuids, (a, b) => {
        assert.equal(formatId('job', a) < formatId('job', b), a < b);
      }),
    );
  });

  it('is no id of another kind, but for the bare UUID', () => {
    fc.assert(
      fc.property(kinds, kinds, uuids, (kind, other, uuid) => {
        fc.pre(kind !== other);
        assert.ok(!matches(other, formatId(kind, uuid)));
        assert.throws(() => parseId(other, formatId(kind, uuid)), RangeError);
      }),
    );
  });

  it('is what its pattern says, and nothing else is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!matches('influencer', text));
        assert.throws(() => parseId('influencer', text), RangeError);
      }),
    );
    const uuid = '0189d3c2-1111-7222-8333-444455556666';
    for (const text of [
      '',
      'inf_',
      'inf_8ZZZZZZZZZZZZZZZZZZZZZZZZZ', // more than 128 bits
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AI',
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AL',
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AO',
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AU',
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1A',
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1ABC',
      '01JMB9G3W6X5Q2R8T4V7Y0Z1AB',
      `inf-${uuid}`,
      `inf_inf_${uuid}`,
      `{${uuid}}`,
      `urn:uuid:${uuid}`,
      uuid.replaceAll('-', ''),
      `${uuid}\n`,
      ` ${uuid}`,
    ]) {
      assert.ok(!matches('influencer', text), text);
      assert.throws(() => parseId('influencer', text), RangeError, text);
    }
  });

  it('has a prefix of its own for each kind', () => {
    const prefixes = Object.values(idPrefixes);
    assert.equal(new Set(prefixes).size, prefixes.length);
    for (const prefix of prefixes) assert.match(prefix, /^[a-z]{3}$/);
  });
});
