// What any text of an identity may mention: head coverings, glasses and facial hair.
import type { Identity } from '../../../src/domain/influencer.ts';
import { headwearWords, type Headwear, type Presentation } from './hair-styles.ts';
import { choiceOf, shareOf } from './seeded-choice.ts';
import { facialHairWords, glassesWords, youngestBeardedAge, type FacialHair, type Glasses } from './traits.ts';
import { garmentColorWords } from './wardrobe.ts';
import { denies, meaningOf } from '../wording.ts';

const headwearColors = ['2f3e55', '7b2d3b', '3f6b5c', 'c98a3a', '5b4b7a', '3a3a40', 'b5665a', '2f6f8f'] as const;

/** The texts in which a caller may mention glasses, facial hair or a head covering, in order of precedence. */
export function looksSaidIn(identity: Identity): readonly string[] {
  const { hairStyle, style, vibe, bodyType, ethnicity, hairColor, personality } = identity;
  return [hairStyle, style, vibe, bodyType, ethnicity, hairColor, personality?.traits?.join(', ')].filter(
    (text) => text !== undefined,
  );
}

/** A covering has the colour that is said right beside it ("black suit, navy turban") or in the hair style; else the seed's. */
export function headwearOf(
  looks: readonly string[],
  hairStyle: string | undefined,
  seed: string,
): { headwear: Headwear; headwearColor: string } {
  const text = looks.find((words) => meaningOf(words, headwearWords) !== undefined);
  const parts = text?.split(/[,;]/) ?? [];
  const at = parts.findIndex((words) => meaningOf(words, headwearWords) !== undefined);
  const beside = text === hairStyle ? text : parts[at];
  return {
    headwear: meaningOf(text, headwearWords) ?? 'none',
    headwearColor: meaningOf(beside, garmentColorWords) ?? choiceOf(seed, 'headwearColor', headwearColors),
  };
}

export function glassesOf(looks: readonly string[], seed: string): Glasses {
  const said = looks.map((text) => meaningOf(text, glassesWords)).find((glasses) => glasses !== undefined);
  if (said !== undefined) {
    return said;
  }
  const denied = looks.some((text) => denies(text, glassesWords));
  const wears = !denied && shareOf(seed, 'glasses') < 0.16;
  return wears ? choiceOf(seed, 'glassesFrame', ['prescription01', 'prescription02', 'round']) : 'none';
}

export function facialHairOf(
  looks: readonly string[],
  { age, presentation, seed }: { age: number; presentation: Presentation; seed: string },
): FacialHair {
  const said = looks.map((text) => meaningOf(text, facialHairWords)).find((hair) => hair !== undefined);
  if (said !== undefined) {
    return said;
  }
  const denied = looks.some((text) => denies(text, facialHairWords));
  const grows = presentation === 'masculine' && !denied && shareOf(seed, 'facialHair') < 0.5;
  if (grows && age < youngestBeardedAge) {
    return 'stubble';
  }
  return grows
    ? choiceOf(seed, 'facialHairShape', ['stubble', 'beardLight', 'beardMedium', 'stubble', 'moustacheMagnum'])
    : 'none';
}
