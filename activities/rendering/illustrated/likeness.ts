// What makes one person: all that stays the same over the six shots. It is read from the identity field by field, and what
// that leaves open comes from the seed, each field by itself.
import type { Identity } from '../../../src/domain/influencer.ts';
import { hairColors, hairColorWords, naturalHairColors } from './hair-colors.ts';
import {
  coilyFromTone,
  hairArrangementWords,
  haircutWords,
  headwearWords,
  usualCoilyStyles,
  usualHairStyles,
  type HairStyle,
  type Headwear,
  type Presentation,
} from './hair-styles.ts';
import { mixed } from './color.ts';
import { moods, moodWords, usualMoods, type Eyebrows, type MoodName } from './moods.ts';
import { outfitsOf, type Outfit } from './outfits.ts';
import { choiceOf, shareOf } from './seeded-choice.ts';
import { complexions, ethnicities, everyTone, skinTones, type SkinTone, type ToneRange } from './tones.ts';
import {
  ageWords,
  buildWords,
  facialHairWords,
  glassesWords,
  youngestDrawnAge,
  type BuildName,
  type FacialHair,
  type Glasses,
} from './traits.ts';
import { denies, meaningOf, meaningsOf } from './wording.ts';

export interface Likeness {
  /** In years, never below 18. */
  age: number;
  presentation: Presentation;
  skin: SkinTone;
  hairStyle: HairStyle;
  hairColor: string;
  headwear: Headwear;
  headwearColor: string;
  eyebrows: Eyebrows;
  facialHair: FacialHair;
  facialHairColor: string;
  glasses: Glasses;
  mood: MoodName;
  build: BuildName;
  outfits: readonly [Outfit, Outfit, Outfit, Outfit];
}

/** Returns what the person looks like in every shot. Pure: equal arguments, equal result. */
export function likenessOf(identity: Identity, seed: string): Likeness {
  const age = ageOf(identity.ageRange, seed);
  const presentation = presentationOf(identity, seed);
  const tones = toneRangeOf(identity.ethnicity);
  const tone = toneOf(tones ?? everyTone, seed);
  const skin = skinTones[tone] ?? skinTones[0];
  const looks = looksSaidIn(identity);
  const hairStyle = hairStyleOf(identity, { age, presentation, tone, seed });
  const hairColor = hairColorOf(identity.hairColor, { age, likelyTone: tones?.[1] ?? tone, seed });
  const mood = moodOf(identity, seed);
  const facialHair = facialHairOf(looks, presentation, seed);
  return {
    age,
    presentation,
    skin,
    hairStyle,
    hairColor,
    headwear: headwearOf(looks),
    headwearColor: choiceOf(seed, 'headwearColor', headwearColors),
    eyebrows: choiceOf(seed, 'eyebrows', moods[mood].eyebrows),
    facialHair,
    facialHairColor: mixed(hairColor, '1c1715', facialHair === 'stubble' ? 0.5 : 0.18),
    glasses: glassesOf(looks, seed),
    mood,
    build: meaningOf(identity.bodyType, buildWords) ?? 'usual',
    outfits: outfitsOf(identity.style, { presentation, skin, seed }),
  };
}

const headwearColors = ['2f3e55', '7b2d3b', '3f6b5c', 'c98a3a', '5b4b7a', '3a3a40', 'b5665a', '2f6f8f'] as const;

/** The texts in which a caller may mention glasses, facial hair or a head covering, in order of precedence. */
function looksSaidIn(identity: Identity): readonly string[] {
  const { hairStyle, style, vibe, bodyType, ethnicity, hairColor, personality } = identity;
  return [hairStyle, style, vibe, bodyType, ethnicity, hairColor, personality?.traits?.join(', ')].filter(
    (text) => text !== undefined,
  );
}

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

/** An unstated gender is drawn any way; nonbinary mostly between, so that no drawing says who somebody has to be. */
function presentationOf({ gender }: Identity, seed: string): Presentation {
  if (gender === 'female') {
    return 'feminine';
  }
  if (gender === 'male') {
    return 'masculine';
  }
  return gender === 'nonbinary'
    ? 'androgynous'
    : choiceOf(seed, 'presentation', ['feminine', 'masculine', 'androgynous']);
}

function toneRangeOf(ethnicity: string | undefined): ToneRange | undefined {
  const complexion = meaningOf(ethnicity, complexions);
  if (complexion !== undefined) {
    return complexion;
  }
  const ranges = meaningsOf(ethnicity, ethnicities);
  const average = (end: 0 | 1): number =>
    Math.round(ranges.reduce((sum, range) => sum + range[end], 0) / ranges.length);
  return ranges.length === 0 ? undefined : [average(0), average(1)];
}

const toneOf = ([first, last]: ToneRange, seed: string): number =>
  first + Math.floor(shareOf(seed, 'skin') * (last - first + 1));

function hairStyleOf(
  { hairStyle }: Identity,
  person: { age: number; presentation: Presentation; tone: number; seed: string },
): HairStyle {
  const said = denies(hairStyle, [{ phrases: ['hair'], means: 'bald' }])
    ? 'bald'
    : (meaningOf(hairStyle, hairArrangementWords) ?? meaningOf(hairStyle, haircutWords));
  if (said !== undefined) {
    return said;
  }
  const { age, presentation, tone, seed } = person;
  const hairloss = presentation === 'masculine' ? Math.min(0.5, Math.max(0, (age - 38) / 60)) : 0;
  if (shareOf(seed, 'balding') < hairloss) {
    return 'balding';
  }
  return choiceOf(seed, 'hairStyle', (tone >= coilyFromTone ? usualCoilyStyles : usualHairStyles)[presentation]);
}

/** Stated: as stated. Unstated: a natural colour, which turns grey from an age that the seed sets between 44 and 64. */
function hairColorOf(stated: string | undefined, person: { age: number; likelyTone: number; seed: string }): string {
  const said = meaningOf(stated, hairColorWords);
  if (said !== undefined) {
    return hairColors[said];
  }
  const { age, likelyTone, seed } = person;
  const likely = naturalHairColors.find(({ upToTone }) => likelyTone <= upToTone) ?? naturalHairColors[0];
  const young = hairColors[choiceOf(seed, 'hairColor', likely?.colors ?? ['brown'])];
  const grayFrom = 44 + shareOf(seed, 'grayFrom') * 20;
  const grayness = Math.min(1, Math.max(0, (age - grayFrom) / 16));
  const old = hairColors[age > grayFrom + 24 ? 'white' : 'silver'];
  return mixed(young, old, grayness === 0 ? 0 : 0.35 + 0.65 * grayness);
}

function headwearOf(looks: readonly string[]): Headwear {
  return looks.map((text) => meaningOf(text, headwearWords)).find((said) => said !== undefined) ?? 'none';
}

function glassesOf(looks: readonly string[], seed: string): Glasses {
  const said = looks.map((text) => meaningOf(text, glassesWords)).find((glasses) => glasses !== undefined);
  if (said !== undefined) {
    return said;
  }
  const denied = looks.some((text) => denies(text, glassesWords));
  const wears = !denied && shareOf(seed, 'glasses') < 0.16;
  return wears ? choiceOf(seed, 'glassesFrame', ['prescription01', 'prescription02', 'round']) : 'none';
}

function facialHairOf(looks: readonly string[], presentation: Presentation, seed: string): FacialHair {
  const said = looks.map((text) => meaningOf(text, facialHairWords)).find((hair) => hair !== undefined);
  if (said !== undefined) {
    return said;
  }
  const denied = looks.some((text) => denies(text, facialHairWords));
  const grows = presentation === 'masculine' && !denied && shareOf(seed, 'facialHair') < 0.5;
  return grows
    ? choiceOf(seed, 'facialHairShape', ['stubble', 'beardLight', 'beardMedium', 'stubble', 'moustacheMagnum'])
    : 'none';
}

function moodOf({ vibe, personality }: Identity, seed: string): MoodName {
  const { traits = [], tone, humor } = personality ?? {};
  const texts = [vibe, traits.join(', '), tone, humor];
  return (
    texts.map((text) => meaningOf(text, moodWords)).find((mood) => mood !== undefined) ??
    choiceOf(seed, 'mood', usualMoods)
  );
}
