import assert from 'node:assert/strict';
import { withPlainDigits } from '../../../activities/rendering/age.ts';

describe('withPlainDigits', () => {
  it('writes the digits of every script as 0 to 9', () => {
    for (const digits of ['0123456789', '٠١٢٣٤٥٦٧٨٩', '०१२३४५६७८९', '๐๑๒๓๔๕๖๗๘๙', '𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗', '𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡']) {
      assert.equal(withPlainDigits(digits), '0123456789');
    }
    assert.equal(withPlainDigits('forty ½'), 'forty ½');
  });
});
