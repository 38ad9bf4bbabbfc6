import { agesSaidIn, drawnAges, unstatedAges } from '../age.ts';
import { shareOf } from './seeded-choice.ts';

/** Chooses one of the years that a text leaves open. */
export function ageOf(ageRange: string | undefined, seed: string): number {
  const [from, to] = drawnAges(agesSaidIn(ageRange ?? '') ?? unstatedAges);
  return from + Math.floor(shareOf(seed, 'age') * (to - from + 1));
}
