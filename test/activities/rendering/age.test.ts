import assert from 'node:assert/strict';
import { saysUnderAge, withPlainDigits } from '../../../activities/rendering/age.ts';

describe('saysUnderAge', () => {
  const underAge = [
    ...['16', '0', '17', '17-19', '14–16', '14 to 30', '17.5', '0016', '16yo', 'over 12', '<10', '10s', '5 months'],
    ...[
      'teen',
      'Teenager',
      'pre-teen',
      'preteen',
      'late teens',
      'toddler',
      'child',
      'children',
      'kid',
      'a minor',
      'underage',
    ],
    ...[
      'twelve',
      'sixteen',
      'sixteen-year-old',
      'Seventeen',
      'one year old',
      'high schooler',
      'schoolgirl',
      'baby',
      'boy',
    ],
    ...['１６', '١٦', '१६', '১৭', '𝟏𝟔', 'adolescente', 'niña', 'подросток', '女孩', '未成年', '子ども', 'bébé 1'],
    ...['2012', '900'],
  ];
  for (const said of underAge) {
    it(`is true of "${said}"`, () => {
      assert.equal(saysUnderAge(said), true);
    });
  }

  const grownUp = [
    ...['', 'ageless', '18', '18+', '25-34', '60s', 'mid 30s', '99', '<25', 'young adult', 'eighteen', 'nineteen'],
    ...['twenty-one', 'thirty five', 'elderly', 'middle aged', 'gen z', 'college student', '٢٥-٣٤', 'around forty'],
  ];
  for (const said of grownUp) {
    it(`is false of "${said}"`, () => {
      assert.equal(saysUnderAge(said), false);
    });
  }
});

describe('withPlainDigits', () => {
  it('writes the digits of every script as 0 to 9', () => {
    for (const digits of ['0123456789', '٠١٢٣٤٥٦٧٨٩', '०१२३४५६७८९', '๐๑๒๓๔๕๖๗๘๙', '𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗', '𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡']) {
      assert.equal(withPlainDigits(digits), '0123456789');
    }
    assert.equal(withPlainDigits('forty ½'), 'forty ½');
  });
});
