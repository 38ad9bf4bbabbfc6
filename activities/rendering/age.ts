// What an age says, in digits or in words. No renderer draws anybody below 18.
import { meaningOf, type Rule } from './wording.ts';

/** First and last year. */
type Ages = readonly [from: number, to: number];

const youngestDrawnAge = 18;
const oldestDrawnAge = 99;

/** Where nothing is said. */
export const unstatedAges: Ages = [20, 44];

const ageWords: readonly Rule<Ages>[] = [
  { phrases: ['teen', 'teenager', 'teens', 'late teens', 'gen z'], means: [18, 21] },
  { phrases: ['young', 'young adult', 'twenties', 'student', 'college'], means: [20, 29] },
  { phrases: ['thirties', 'millennial', 'adult'], means: [30, 39] },
  { phrases: ['forties'], means: [40, 49] },
  { phrases: ['middle aged', 'midlife', 'fifties', 'mature', 'gen x'], means: [48, 58] },
  { phrases: ['sixties', 'older', 'boomer'], means: [60, 69] },
  { phrases: ['senior', 'elderly', 'old', 'seventies', 'eighties', 'retired'], means: [70, 84] },
];

/** Reads "25-34", "60s", "mid 30s", "18", "70+", "<25", "young adult", as they are said; undefined where it can read nothing. */
export function agesSaidIn(text: string): Ages | undefined {
  const years = (text.match(/(?<!\d)\d{1,3}(?!\d)/g) ?? []).map(Number);
  const [first, second] = years;
  if (first === undefined) {
    return meaningOf(text, ageWords);
  }
  if (second !== undefined) {
    return [first, /\d\s*'?s\b/i.test(text) ? second + 9 : second];
  }
  if (/\d\s*'?s\b/i.test(text)) {
    const part = /early/i.test(text) ? [0, 3] : /mid/i.test(text) ? [4, 6] : /late/i.test(text) ? [7, 9] : [0, 9];
    return [first + (part[0] ?? 0), first + (part[1] ?? 9)];
  }
  if (/\+|over|older|above|>/i.test(text)) {
    return [first, first + 9];
  }
  return /under|below|</i.test(text) ? [youngestDrawnAge, first - 1] : [first, first];
}

const grownUp = (years: number): number => Math.max(youngestDrawnAge, Math.min(oldestDrawnAge, years));

/** What is drawn for ages that were said. */
export const drawnAges = ([one, other]: Ages): Ages => [grownUp(Math.min(one, other)), grownUp(Math.max(one, other))];

/** Writes the decimal digits of every script as 0 to 9. Each script has them in one row, from its zero up. */
export const withPlainDigits = (text: string): string =>
  text.replace(/\p{Nd}/gu, (digit) => {
    const codePoint = digit.codePointAt(0) ?? 0;
    let zero = codePoint;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((codePoint - zero) % 10);
  });
