// Reads an age.
import { shareOf } from './seeded-choice.ts';
import { ageWords, youngestDrawnAge } from './traits.ts';
import { meaningOf } from './wording.ts';

const grownUp = (years: number): number => Math.max(youngestDrawnAge, Math.min(99, years));

/** Reads "25-34", "60s", "mid 30s", "18", "70+", "<25", "young adult". Unstated: from the seed, 20 to 44. */
export function ageOf(ageRange: string | undefined, seed: string): number {
  const [first, last] = agesSaidIn(ageRange ?? '') ?? [20, 44];
  const from = grownUp(Math.min(first, last));
  const to = grownUp(Math.max(first, last));
  return from + Math.floor(shareOf(seed, 'age') * (to - from + 1));
}

function agesSaidIn(text: string): readonly [number, number] | undefined {
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
