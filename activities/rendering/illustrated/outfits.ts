// Puts a person's outfits together. Style words choose the wardrobe, the seed the order of what it holds, so that another
// style changes the clothes and nothing else.
import { darker, distanceOf, lighter } from './color.ts';
import type { Presentation } from './hair-styles.ts';
import { rankedBy } from './seeded-choice.ts';
import {
  bottomsWords,
  dressGarments,
  garmentColorWords,
  garments,
  garmentWords,
  styleWords,
  usualStyles,
  wardrobes,
  type Bottoms,
  type Garment,
  type Shoes,
} from './wardrobe.ts';
import { meaningOf, meaningsOf } from '../wording.ts';

export interface Outfit {
  garment: Garment;
  color: string;
  bottoms: Bottoms;
  bottomsColor: string;
  shoes: Shoes;
  shoeColor: string;
}

const skirts: readonly Bottoms[] = ['skirt', 'maxi'];

/** Returns the four outfits between which the person changes. */
export function outfitsOf(
  style: string | undefined,
  { presentation, skin, seed }: { presentation: Presentation; skin: string; seed: string },
): readonly [Outfit, Outfit, Outfit, Outfit] {
  const name = meaningOf(style, styleWords) ?? rankedBy(seed, 'style', usualStyles)[0] ?? 'casual';
  const wardrobe = wardrobes[name];
  const said = meaningOf(style, garmentColorWords);
  const colors =
    said === undefined
      ? awayFrom(skin, rankedBy(seed, 'clothesColor', wardrobe.colors), 0.15)
      : awayFrom(skin, [said, darker(said, 0.3), lighter(said, 0.22), darker(said, 0.12)], 0.1);
  const saidBottoms = meaningOf(style, bottomsWords);
  const isDress = saidBottoms === 'dress' || saidBottoms === 'gown';
  const offered = rankedBy(seed, 'clothing', isDress ? dressGarments : wardrobe.garments).filter((garment) => {
    const { clothing } = garments[garment];
    const isFitting = isDress || presentation !== 'masculine' || clothing !== 'shirtScoopNeck';
    return isFitting && (saidBottoms === undefined || clothing !== 'overall');
  });
  const garmentNames = [...new Set([...meaningsOf(style, garmentWords), ...offered])];
  const bottoms = bottomsOf(rankedBy(seed, 'bottoms', wardrobe.bottoms), saidBottoms, presentation);
  const bottomColors = awayFrom(skin, rankedBy(seed, 'bottomsColor', wardrobe.bottomColors), 0.15);
  const shoes = rankedBy(seed, 'shoes', wardrobe.shoes);
  const shoeColors = rankedBy(seed, 'shoeColor', wardrobe.shoeColors);
  const nth = <Item>(items: readonly Item[], index: number, otherwise: Item): Item =>
    items[index % Math.max(1, items.length)] ?? otherwise;
  const outfit = (index: number): Outfit => {
    const garment: Garment = garments[nth(garmentNames, index, wardrobe.garments[0])];
    const color = nth(colors, index, wardrobe.colors[0]);
    const otherColors = awayFrom(color, bottomColors, 0.1);
    const isOverall = garment.clothing === 'overall';
    return {
      garment,
      color,
      bottoms: isOverall ? 'trousers' : nth(bottoms, index, 'trousers'),
      bottomsColor:
        isOverall || (isDress && garment.open !== true) ? color : nth(otherColors, index, wardrobe.bottomColors[0]),
      shoes: nth(shoes, index, wardrobe.shoes[0]),
      shoeColor: nth(shoeColors, index, wardrobe.shoeColors[0]),
    };
  };
  return [outfit(0), outfit(1), outfit(2), outfit(3)];
}

/**
 * Leaves out the colours that are nearer to another than `distance`: cloth like the skin looks like no cloth. When all are, the
 * farthest remains.
 */
function awayFrom(other: string, colors: readonly string[], distance: number): readonly string[] {
  const far = colors.filter((color) => distanceOf(color, other) > distance);
  return far.length > 0 ? far : colors.toSorted((a, b) => distanceOf(b, other) - distanceOf(a, other)).slice(0, 1);
}

/** As a text asks; else skirts for a person who is presented as a woman, and for others the wardrobe's trousers. */
function bottomsOf(
  offered: readonly Bottoms[],
  said: Bottoms | 'dress' | 'gown' | undefined,
  presentation: Presentation,
): readonly Bottoms[] {
  if (said !== undefined) {
    return [said === 'dress' ? 'skirt' : said === 'gown' ? 'maxi' : said];
  }
  const allowed = presentation === 'feminine' ? offered : offered.filter((bottoms) => !skirts.includes(bottoms));
  return allowed.length > 0 ? allowed : ['trousers'];
}
