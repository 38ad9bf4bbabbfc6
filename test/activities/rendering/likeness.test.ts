import assert from 'node:assert/strict';
import { ageOf } from '../../../activities/rendering/illustrated/age.ts';
import { distanceOf } from '../../../activities/rendering/illustrated/color.ts';
import { hairColors } from '../../../activities/rendering/illustrated/hair-colors.ts';
import { likenessOf, type Likeness } from '../../../activities/rendering/illustrated/likeness.ts';
import { skinTones } from '../../../activities/rendering/illustrated/tones.ts';
import { garments } from '../../../activities/rendering/illustrated/wardrobe.ts';
import { genders, type Identity } from '../../../src/domain/influencer.ts';

const seeds = Array.from({ length: 40 }, (_, index) => `seed ${String(index)}`);
const everyLikeness = (identity: Identity): readonly Likeness[] => seeds.map((seed) => likenessOf(identity, seed));

describe('likenessOf', () => {
  const colors: readonly (readonly [said: string, drawn: keyof typeof hairColors])[] = [
    ['honey blonde', 'honey'],
    ['salt and pepper', 'saltAndPepper'],
    ['Salt & Pepper', 'saltAndPepper'],
    ['platinum', 'platinum'],
    ['icy platinum blonde', 'platinum'],
    ['auburn', 'auburn'],
    ['jet black', 'jetBlack'],
    ['Jet-Black with blue highlights', 'jetBlack'],
    ['pastel pink', 'pastelPink'],
    ['strawberry blond', 'strawberry'],
    ['light brown, sun-bleached', 'lightBrown'],
    ['brown with blonde highlights', 'brown'],
    ['not blonde, brown', 'brown'],
    ['grey', 'gray'],
    ['rose gold', 'rose'],
    ['teal', 'teal'],
    ['dirty blonde', 'darkBlonde'],
    ['copper-red', 'copper'],
    ['copper red with grey streaks', 'copper'],
    ['grey streaks in dark brown hair', 'darkBrown'],
    ['caramel balayage', 'caramel'],
    ['reddish-blond', 'strawberry'],
    ['sun-bleached brown', 'lightBrown'],
  ];
  for (const [said, drawn] of colors) {
    it(`draws "${said}" hair as ${drawn}, at any age and with any seed`, () => {
      for (const { hairColor } of everyLikeness({ hairColor: said, ageRange: '70+', hairStyle: 'long' })) {
        assert.equal(hairColor, hairColors[drawn]);
      }
    });
  }

  const streaks: readonly (readonly [said: string, drawn: keyof typeof hairColors | undefined])[] = [
    ['copper red with grey streaks', 'gray'],
    ['grey streaks in dark brown hair', 'gray'],
    ['Jet-Black with blue highlights', 'blue'],
    ['brown streaked with silver', 'silver'],
    ['black, blonde tips', 'blonde'],
    ['black with caramel balayage', 'caramel'],
    ['caramel balayage', undefined],
    ['salt and pepper', undefined],
    ['black, no highlights', undefined],
    ['black with highlights', undefined],
  ];
  for (const [said, drawn] of streaks) {
    it(`draws ${drawn ?? 'no'} streaks in hair of "${said}"`, () => {
      const expected = drawn === undefined ? undefined : hairColors[drawn];
      for (const { streakColor } of everyLikeness({ hairColor: said })) assert.equal(streakColor, expected);
    });
  }

  const styles: readonly (readonly [said: string, drawn: Likeness['hairStyle']])[] = [
    ['buzz cut', 'buzz'],
    ['long wavy', 'longWavy'],
    ['wavy, long', 'longWavy'],
    ['afro', 'afro'],
    ['braids', 'braids'],
    ['box braids', 'locs'],
    ['short dreads', 'twists'],
    ['bob', 'bob'],
    ['chin-length bob with bangs', 'bluntBob'],
    ['messy bun', 'bun'],
    ['bald', 'bald'],
    ['no hair', 'bald'],
    ['not bald, short crop', 'crop'],
    ['short curly', 'curlyTop'],
    ['long curly hair in a ponytail', 'ponytail'],
    ['shoulder-length waves', 'lob'],
    ['slicked-back undercut', 'undercut'],
    ['small afro', 'curlyTop'],
    ['TWA', 'curlyTop'],
    ['afro puff', 'bun'],
    ['medium length, tousled', 'tousled'],
    ['long curly', 'curly'],
  ];
  for (const [said, drawn] of styles) {
    it(`draws a hair style of "${said}" as ${drawn} for every gender`, () => {
      for (const gender of genders) assert.equal(likenessOf({ gender, hairStyle: said }, 'seed').hairStyle, drawn);
    });
  }

  const lengthless: readonly (readonly [said: string, his: Likeness['hairStyle'], hers: Likeness['hairStyle']])[] = [
    ['curly', 'curlyTop', 'curly'],
    ['wavy', 'quiff', 'longWavy'],
    ['straight', 'crop', 'longStraight'],
    ['shoulder-length, wavy', 'lob', 'lob'],
  ];
  for (const [said, his, hers] of lengthless) {
    it(`draws "${said}" hair as ${his} for a man and as ${hers} for a woman`, () => {
      assert.equal(likenessOf({ gender: 'male', hairStyle: said }, 'seed').hairStyle, his);
      assert.equal(likenessOf({ gender: 'female', hairStyle: said }, 'seed').hairStyle, hers);
    });
  }

  const looks: readonly (readonly [Identity, Partial<Likeness>])[] = [
    [{ hairStyle: 'hijab' }, { headwear: 'hijab' }],
    [{ style: 'streetwear, always a beanie' }, { headwear: 'beanie' }],
    [{ vibe: 'turban-wearing professor' }, { headwear: 'turban' }],
    [{ style: 'black suit, navy turban' }, { headwear: 'turban', headwearColor: '24365a' }],
    [{ hairStyle: 'hijab, sage green' }, { headwear: 'hijab', headwearColor: '6f8a5e' }],
    [{ style: 'no hat' }, { headwear: 'none' }],
    [{ style: 'preppy, round glasses' }, { glasses: 'round' }],
    [{ style: 'no glasses' }, { glasses: 'none' }],
    [{ personality: { traits: ['curious', 'wears glasses'] } }, { glasses: 'prescription02' }],
    [{ gender: 'male', vibe: 'rugged, full beard' }, { facialHair: 'beardMajestic' }],
    [{ gender: 'male', style: 'formal, clean-shaven' }, { facialHair: 'none' }],
    [{ gender: 'male', style: 'no facial hair' }, { facialHair: 'none' }],
    [{ gender: 'male', vibe: 'stubble' }, { facialHair: 'stubble' }],
    [{ vibe: 'sharper, more deadpan' }, { mood: 'deadpan', eyebrows: 'flatNatural' }],
    [{ vibe: 'warm, playful' }, { mood: 'warm' }],
    [{ vibe: 'shy, kind' }, { mood: 'shy' }],
    [{ vibe: 'melancholic' }, { mood: 'wistful', eyebrows: 'sadConcernedNatural' }],
    [{ vibe: 'grumpy' }, { mood: 'deadpan' }],
    [{ personality: { traits: ['jolly'] } }, { mood: 'warm' }],
    [{ vibe: 'sassy, flirty' }, { mood: 'confident' }],
    [{ personality: { humor: 'dry, deadpan' } }, { mood: 'deadpan' }],
    [{ bodyType: 'plus-size' }, { build: 'plus' }],
    [{ bodyType: 'athletic' }, { build: 'athletic' }],
  ];
  for (const [identity, expected] of looks) {
    it(`reads ${JSON.stringify(expected)} from ${JSON.stringify(identity)}`, () => {
      for (const likeness of everyLikeness(identity)) {
        for (const [trait, value] of Object.entries(expected)) {
          assert.deepEqual(likeness[trait as keyof Likeness], value, trait);
        }
      }
    });
  }

  it('gives people of one ethnicity different tones, within its range', () => {
    const tonesOf = (ethnicity: string): readonly number[] =>
      everyLikeness({ ethnicity }).map(({ skin }) => skinTones.indexOf(skin));
    const ranges: readonly (readonly [string, number, number])[] = [
      ['Scandinavian', 0, 1],
      ['East Asian', 1, 4],
      ['South Asian', 4, 9],
      ['West African', 8, 11],
      ['Latina', 1, 8],
      ['mixed', 3, 8],
    ];
    for (const [ethnicity, first, last] of ranges) {
      const tones = tonesOf(ethnicity);
      assert.equal(Math.min(...tones), first, ethnicity);
      assert.equal(Math.max(...tones), last, ethnicity);
    }
    assert.ok(new Set(tonesOf('of two galaxies')).size >= skinTones.length - 2, 'all tones when it says nothing');
  });

  it('lets unstated hair turn grey with age and never without', () => {
    const natural = (ageRange: string): ReadonlySet<string> =>
      new Set(everyLikeness({ ageRange, ethnicity: 'European' }).map(({ hairColor }) => hairColor));
    const known: readonly string[] = Object.values(hairColors);
    for (const color of natural('25-34')) assert.ok(known.includes(color));
    const old = natural('80s');
    assert.ok(old.has(hairColors.silver) || old.has(hairColors.white));
  });

  it('draws a beard unasked on nobody but men', () => {
    for (const gender of ['female', 'nonbinary'] as const) {
      for (const { facialHair } of everyLikeness({ gender })) assert.equal(facialHair, 'none');
    }
    assert.ok(everyLikeness({ gender: 'male' }).some(({ facialHair }) => facialHair !== 'none'));
  });

  it('draws no full beard unasked on a very young man, and any that is asked for', () => {
    for (const { facialHair } of everyLikeness({ gender: 'male', ageRange: '18-21' })) {
      assert.ok(facialHair === 'none' || facialHair === 'stubble');
    }
    assert.equal(likenessOf({ gender: 'male', ageRange: '19', vibe: 'full beard' }, 's').facialHair, 'beardMajestic');
  });

  const clothes: readonly (readonly [style: string, portrait: Partial<Likeness['outfits'][0]>])[] = [
    ['red dress', { color: 'c23a3a', bottoms: 'skirt', bottomsColor: 'c23a3a' }],
    ['black evening gown', { color: '1f1f24', bottoms: 'maxi', bottomsColor: '1f1f24' }],
    ['saree', { bottoms: 'maxi' }],
    ['aloha shirt, shorts', { bottoms: 'shorts' }],
    ['formal, dress shirt', { garment: garments.collared, bottoms: 'trousers' }],
    ['goth, choker', { garment: garments.scoopChoker }],
    ['sporty hoodie', { garment: garments.hoodie }],
    ['tailored suit', { garment: garments.blazerShirt, bottoms: 'trousers' }],
    ['artsy, paint-stained overalls', { garment: garments.dungarees, bottoms: 'trousers' }],
    ['streetwear, leggings', { bottoms: 'leggings' }],
  ];
  for (const [style, portrait] of clothes) {
    it(`dresses who wears "${style}" so`, () => {
      const skin = 'Scandinavian';
      for (const { outfits } of everyLikeness({ gender: 'female', ethnicity: skin, style })) {
        for (const [part, value] of Object.entries(portrait)) {
          assert.deepEqual(outfits[0][part as keyof Likeness['outfits'][0]], value, part);
        }
      }
    });
  }

  it('keeps clothes apart from skin', () => {
    for (const style of ['bohemian', 'minimalist', 'beige neutrals', 'brown earth tones']) {
      for (const { outfits, skin } of everyLikeness({ style })) {
        for (const { color, bottomsColor } of outfits) {
          assert.ok(distanceOf(color, skin) > 0.09, `${color} on ${skin}`);
          assert.ok(distanceOf(bottomsColor, skin) > 0.09, `${bottomsColor} on ${skin}`);
        }
      }
    }
  });

  const mayChange: Readonly<Record<keyof Identity, readonly (keyof Likeness)[]>> = {
    gender: ['presentation', 'hairStyle', 'facialHair', 'facialHairColor', 'earrings', 'outfits'],
    ageRange: ['age', 'hairColor', 'facialHairColor', 'hairStyle'],
    ethnicity: ['skin', 'hairColor', 'facialHairColor', 'hairStyle', 'outfits'],
    bodyType: ['build'],
    hairColor: ['hairColor', 'facialHairColor', 'streakColor'],
    hairStyle: ['hairStyle'],
    style: ['outfits'],
    vibe: ['mood', 'eyebrows'],
    voiceDescription: [],
    personality: ['mood', 'eyebrows'],
  };
  const override: Required<Identity> = {
    gender: 'male',
    ageRange: '60s',
    ethnicity: 'Korean',
    bodyType: 'muscular',
    hairColor: 'platinum',
    hairStyle: 'long wavy',
    style: 'European minimalist',
    vibe: 'sharper, more deadpan',
    voiceDescription: 'low, with glasses of water in between',
    personality: { traits: ['playful'] },
  };
  for (const field of Object.keys(mayChange) as (keyof Identity)[]) {
    it(`changes nothing but what ${field} says when ${field} is overridden`, () => {
      for (const seed of seeds) {
        const source: Identity = { gender: 'female', ethnicity: 'Latina', hairStyle: 'bob' };
        const before = likenessOf(source, seed);
        const after = likenessOf({ ...source, [field]: override[field] }, seed);
        for (const trait of Object.keys(before) as (keyof Likeness)[]) {
          if (!mayChange[field].includes(trait)) assert.deepEqual(after[trait], before[trait], trait);
        }
      }
    });
  }
});

describe('ageOf', () => {
  const ages: readonly (readonly [said: string, first: number, last: number])[] = [
    ['25-34', 25, 34],
    ['25–34', 25, 34],
    ['35 to 44', 35, 44],
    ['60s', 60, 69],
    ['mid 30s', 34, 36],
    ['20s-30s', 20, 39],
    ['70+', 70, 79],
    ['<25', 18, 24],
    ['18', 18, 18],
    ['young adult', 20, 29],
    ['', 20, 44],
    ['ageless', 20, 44],
  ];
  for (const [said, first, last] of ages) {
    it(`reads "${said}" as ${String(first)} to ${String(last)}`, () => {
      const drawn = seeds.map((seed) => ageOf(said, seed));
      assert.ok(drawn.every((age) => age >= first && age <= last));
    });
  }

  it('never draws anybody below 18', () => {
    for (const said of ['16', '5', '0', '13-17', 'teen', 'under 18', '<10', '-3', '10s', '1-2']) {
      for (const seed of seeds) assert.ok(ageOf(said, seed) >= 18, said);
    }
  });
});
