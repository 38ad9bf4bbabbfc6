// The mapping from a person and a shot to what is drawn. Pure; everything after it only draws.
import type { Options } from '@dicebear/avataaars';
import type { Identity } from '../../../src/domain/influencer.ts';
import type { Shot } from '../../../src/domain/shots.ts';
import { mixed } from './color.ts';
import { hairStyles, type HairDrawing, type Headwear, type Top } from './hair-styles.ts';
import { likenessOf, type Likeness } from './likeness.ts';
import { moods } from './moods.ts';
import type { Outfit } from './outfits.ts';
import { backdropPalettes, type BackdropPalette } from './palettes.ts';
import { choiceOf, rankedBy } from './seeded-choice.ts';
import { faceOf, shotPlans, type Framing, type Pose, type Scene } from './shot-plans.ts';
import { builds, type Build } from './traits.ts';

export interface Avatar {
  /** For the art: each list has one element and each probability is 0 or 100, so that it has nothing to decide. */
  options: Options;
  /** What is below a hat, as a second `top`; undefined without a hat. */
  hairBelowHat: Top | undefined;
  ownHeadwear: Extract<Headwear, 'beanie' | 'cap'> | undefined;
  headwearColor: string;
  hairColor: string;
  streakColor: string | undefined;
  tail: HairDrawing['tail'];
  /** From 0 to 1; less than 1 is stubble. */
  facialHairOpacity: number;
  age: number;
  skin: string;
  build: Build;
  /** Drawn with a woman's waist and lashes. */
  slender: boolean;
  earrings: boolean;
  outfit: Outfit;
  pose: Pose;
  framing: Framing;
  scene: Scene;
  palette: BackdropPalette;
}

const artHeadwear: Readonly<Partial<Record<Headwear, Top>>> = {
  hijab: 'hijab',
  turban: 'turban',
  sunHat: 'hat',
  winterHat: 'winterHat1',
};

const ownHeadwearOf = (headwear: Headwear): Avatar['ownHeadwear'] =>
  headwear === 'beanie' || headwear === 'cap' ? headwear : undefined;

/** Returns all that a shot of the person is drawn from. Equal arguments, equal result. */
export function avatarOf(identity: Identity, seed: string, shot: Shot): Avatar {
  const likeness = likenessOf(identity, seed);
  const plan = shotPlans[shot];
  const mood = moods[likeness.mood];
  const outfit = wornBy(likeness, likeness.outfits[plan.outfit]);
  const hair: HairDrawing = hairStyles[likeness.hairStyle];
  const palettes = rankedBy(seed, 'palette', Object.keys(backdropPalettes) as (keyof typeof backdropPalettes)[]);
  return {
    options: optionsOf(likeness, hair, outfit, faceOf(mood, plan)),
    hairBelowHat: likeness.headwear === 'sunHat' || likeness.headwear === 'winterHat' ? hair.belowHat : undefined,
    ownHeadwear: ownHeadwearOf(likeness.headwear),
    headwearColor: likeness.headwearColor,
    hairColor: drawnHairColorOf(likeness, hair),
    streakColor: likeness.streakColor,
    tail: likeness.headwear === 'hijab' || likeness.headwear === 'turban' ? undefined : hair.tail,
    facialHairOpacity: likeness.facialHair === 'stubble' ? 0.3 : 1,
    age: likeness.age,
    skin: likeness.skin,
    build: builds[likeness.build],
    slender: likeness.presentation === 'feminine',
    earrings: likeness.earrings && likeness.headwear !== 'hijab',
    outfit,
    pose: choiceOf(seed, `pose:${shot}`, plan.poses),
    framing: plan.framing,
    scene: choiceOf(seed, `scene:${shot}`, plan.scenes),
    palette: backdropPalettes[palettes[plan.palette] ?? 'slate'],
  };
}

/** Who covers the hair with a hijab is drawn with covered arms and legs too. */
function wornBy({ headwear }: Likeness, outfit: Outfit): Outfit {
  if (headwear !== 'hijab') {
    return outfit;
  }
  const bottoms = outfit.bottoms === 'skirt' ? 'maxi' : outfit.bottoms === 'trousers' ? 'trousers' : 'wide';
  return { ...outfit, garment: { ...outfit.garment, sleeves: 'long' }, bottoms };
}

/** Hair that is cut to the skin lets it through. */
const drawnHairColorOf = ({ hairColor, skin }: Likeness, hair: HairDrawing): string =>
  mixed(skin, hairColor, hair.density ?? 1);

function optionsOf(likeness: Likeness, hair: HairDrawing, outfit: Outfit, face: ReturnType<typeof faceOf>): Options {
  const { headwear, facialHair, glasses } = likeness;
  const top = artHeadwear[headwear] ?? (ownHeadwearOf(headwear) === undefined ? hair.top : hair.belowHat);
  const beard = facialHair === 'none' ? undefined : facialHair === 'stubble' ? 'beardMedium' : facialHair;
  return {
    style: ['default'],
    base: ['default'],
    nose: ['default'],
    skinColor: [likeness.skin],
    top: [top ?? 'sides'],
    topProbability: top === undefined ? 0 : 100,
    hairColor: [drawnHairColorOf(likeness, hair)],
    hatColor: [likeness.headwearColor],
    eyebrows: [likeness.eyebrows],
    eyes: [face.eyes],
    mouth: [face.mouth],
    facialHair: [beard ?? 'beardLight'],
    facialHairProbability: beard === undefined || headwear === 'hijab' ? 0 : 100,
    facialHairColor: [likeness.facialHairColor],
    accessories: [glasses === 'none' ? 'round' : glasses],
    accessoriesProbability: glasses === 'none' ? 0 : 100,
    accessoriesColor: ['2b2d33'],
    clothing: [outfit.garment.clothing],
    clothesColor: [outfit.color],
    clothingGraphic: [outfit.garment.graphic ?? 'diamond'],
    backgroundColor: ['transparent'],
  };
}
