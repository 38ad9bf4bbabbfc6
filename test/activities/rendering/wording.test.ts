import assert from 'node:assert/strict';
import { denies, meaningOf, meaningsOf, type Rule } from '../../../activities/rendering/wording.ts';

const colors: readonly Rule<string>[] = [
  { phrases: ['blonde', 'light blonde'], means: 'blonde' },
  { phrases: ['honey blonde'], means: 'honey' },
  { phrases: ['brown'], means: 'brown' },
  { phrases: ['long+wavy'], means: 'long and wavy' },
  { phrases: ['brush', 'hat'], means: 'thing' },
];

describe('the wording of looks', () => {
  it('prefers the phrase with the most words', () => {
    assert.equal(meaningOf('a honey blonde bob', colors), 'honey');
  });

  it('prefers what is said first among phrases of one length', () => {
    assert.equal(meaningOf('brown with blonde ends', colors), 'brown');
    assert.equal(meaningOf('blonde with brown ends', colors), 'blonde');
  });

  it('finds the words of a loose phrase in any order', () => {
    assert.equal(meaningOf('wavy and rather long', colors), 'long and wavy');
  });

  it('ignores case, accents, punctuation and plurals', () => {
    assert.equal(meaningOf('HONEY-BLÖNDE!', colors), 'honey');
    assert.equal(meaningOf('brushes', colors), 'thing');
  });

  it('matches whole words only', () => {
    for (const text of ['brownie', 'hates', 'chat', 'that']) assert.equal(meaningOf(text, colors), undefined, text);
  });

  it('does not read a negated word, and reads on in the next clause', () => {
    assert.equal(meaningOf('not blonde', colors), undefined);
    assert.equal(meaningOf('never really very blonde', colors), undefined);
    assert.equal(meaningOf('not blonde, brown', colors), 'brown');
    assert.equal(meaningOf('not blonde but brown', colors), 'brown');
  });

  it('tells a denial from silence', () => {
    assert.equal(denies('no hat', colors), true);
    assert.equal(denies('a hat', colors), false);
    assert.equal(denies('nothing', colors), false);
    assert.equal(denies(undefined, colors), false);
  });

  it('gives every meaning once, and no word twice', () => {
    assert.deepEqual(meaningsOf('brown, honey blonde, brown', colors), ['honey', 'brown']);
    assert.deepEqual(meaningsOf(undefined, colors), []);
  });
});
