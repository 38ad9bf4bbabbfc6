// What makes one person: all that stays the same over the six shots. It is read from the identity field by field, and what
// that leaves open comes from the seed, each field by itself.
import type { Identity } from '../../../src/domain/influencer.ts';
import { ageOf } from './age.ts';
import { hairColors, hairColorWords, hairStreakWords, naturalHairColors } from './hair-colors.ts';
import {
  coilyFromTone,
  hairArrangementWords,
  haircutWords,
  mensHaircutWords,
  usualCoilyStyles,
  usualHairStyles,
  type HairStyle,
  type Headwear,
  type Presentation,
} from './hair-styles.ts';
import { mixed } from './color.ts';
import { facialHairOf, glassesOf, headwearOf, looksSaidIn } from './looks.ts';
import { moods, moodWords, usualMoods, type Eyebrows, type MoodName } from './moods.ts';
import { outfitsOf, type Outfit } from './outfits.ts';
import { choiceOf, shareOf } from './seeded-choice.ts';
import { complexions, ethnicities, everyTone, skinTones, type SkinTone, type ToneRange } from './tones.ts';
import { buildWords, type BuildName, type FacialHair, type Glasses } from './traits.ts';
import { denies, meaningOf, meaningsOf } from '../wording.ts';

export interface Likeness {
  /** In years, never below 18. */
  age: number;
  presentation: Presentation;
  skin: SkinTone;
  hairStyle: HairStyle;
  hairColor: string;
  /** Of streaks, highlights or tips; undefined when no text speaks of them. */
  streakColor: string | undefined;
  headwear: Headwear;
  headwearColor: string;
  eyebrows: Eyebrows;
  facialHair: FacialHair;
  facialHairColor: string;
  glasses: Glasses;
  earrings: boolean;
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
  const dye = dyeSaidIn(identity.hairColor);
  const hairColor = hairColorOf(dye.base, { age, likelyTone: tones?.[1] ?? tone, seed });
  const mood = moodOf(identity, seed);
  const facialHair = facialHairOf(looks, { age, presentation, seed });
  return {
    age,
    presentation,
    skin,
    hairStyle,
    hairColor,
    streakColor: dye.streaks,
    ...headwearOf(looks, identity.hairStyle, seed),
    eyebrows: choiceOf(seed, 'eyebrows', moods[mood].eyebrows),
    facialHair,
    facialHairColor: mixed(hairColor, '1c1715', facialHair === 'stubble' ? 0.5 : 0.18),
    glasses: glassesOf(looks, seed),
    earrings: presentation === 'feminine' && shareOf(seed, 'earrings') < 0.7,
    mood,
    build: meaningOf(identity.bodyType, buildWords) ?? 'usual',
    outfits: outfitsOf(identity.style, { presentation, skin, seed }),
  };
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
  const { age, presentation, tone, seed } = person;
  const cuts = presentation === 'masculine' ? [...mensHaircutWords, ...haircutWords] : haircutWords;
  const said = denies(hairStyle, [{ phrases: ['hair'], means: 'bald' }])
    ? 'bald'
    : (meaningOf(hairStyle, hairArrangementWords) ?? meaningOf(hairStyle, cuts));
  if (said !== undefined) {
    return said;
  }
  const hairloss = presentation === 'masculine' ? Math.min(0.5, Math.max(0, (age - 38) / 60)) : 0;
  if (shareOf(seed, 'balding') < hairloss) {
    return 'balding';
  }
  return choiceOf(seed, 'hairStyle', (tone >= coilyFromTone ? usualCoilyStyles : usualHairStyles)[presentation]);
}

/** Takes "copper red with grey streaks" apart; streaks alone, as in "caramel balayage", are the colour itself. */
function dyeSaidIn(text: string | undefined): { base: string | undefined; streaks: string | undefined } {
  const said = text?.replace(/streaked with/i, 'with streaks of');
  const part = said?.split(/,|;|&|\b(?:with|and|in)\b/i).find((words) => meaningOf(words, hairStreakWords) === true);
  const streaks = meaningOf(part, hairColorWords);
  const base = said?.replace(part ?? '', ' ');
  return streaks === undefined || meaningOf(base, hairColorWords) === undefined
    ? { base: text, streaks: undefined }
    : { base, streaks: hairColors[streaks] };
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

function moodOf({ vibe, personality }: Identity, seed: string): MoodName {
  const { traits = [], tone, humor } = personality ?? {};
  const texts = [vibe, traits.join(', '), tone, humor];
  return (
    texts.map((text) => meaningOf(text, moodWords)).find((mood) => mood !== undefined) ??
    choiceOf(seed, 'mood', usualMoods)
  );
}
