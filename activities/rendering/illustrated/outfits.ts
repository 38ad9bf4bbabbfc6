// Puts a person's outfits together. Style words choose the wardrobe, the seed the order of what it holds, so that another
// style changes the clothes and nothing else.
import { darker, distanceOf, lighter } from './color.ts';
import type { Presentation } from './hair-styles.ts';
import { rankedBy } from './seeded-choice.ts';
import {
  dressWords,
  garmentColorWords,
  garments,
  styleWords,
  usualStyles,
  wardrobes,
  type Bottoms,
  type Garment,
  type Shoes,
} from './wardrobe.ts';
import { meaningOf } from './wording.ts';

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
  const garmentNames = rankedBy(seed, 'clothing', wardrobe.garments).filter(
    (garment) => presentation !== 'masculine' || garments[garment].clothing !== 'shirtScoopNeck',
  );
  const bottoms = bottomsOf(rankedBy(seed, 'bottoms', wardrobe.bottoms), meaningOf(style, dressWords), presentation);
  const bottomColors = awayFrom(skin, rankedBy(seed, 'bottomsColor', wardrobe.bottomColors), 0.15);
  const shoes = rankedBy(seed, 'shoes', wardrobe.shoes);
  const shoeColors = rankedBy(seed, 'shoeColor', wardrobe.shoeColors);
  const nth = <Item>(items: readonly Item[], index: number, otherwise: Item): Item =>
    items[index % Math.max(1, items.length)] ?? otherwise;
  const outfit = (index: number): Outfit => {
    const garment: Garment = garments[nth(garmentNames, index, wardrobe.garments[0])];
    const color = nth(colors, index, wardrobe.colors[0]);
    const otherColors = awayFrom(color, bottomColors, 0.1);
    const isOnePiece = garment.clothing === 'overall';
    return {
      garment,
      color,
      bottoms: isOnePiece ? 'trousers' : nth(bottoms, index, 'trousers'),
      bottomsColor: isOnePiece ? color : nth(otherColors, index, wardrobe.bottomColors[0]),
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

/** Skirts are drawn where a text asks for them or the person is presented as a woman; elsewhere the wardrobe's trousers. */
function bottomsOf(
  offered: readonly Bottoms[],
  asksForSkirt: boolean | undefined,
  presentation: Presentation,
): readonly Bottoms[] {
  const isSkirt = (bottoms: Bottoms): boolean => skirts.includes(bottoms);
  if (asksForSkirt === true) {
    const found = offered.filter(isSkirt);
    return found.length > 0 ? found : ['skirt'];
  }
  const allowed =
    (asksForSkirt ?? presentation === 'feminine') ? offered : offered.filter((bottoms) => !isSkirt(bottoms));
  return allowed.length > 0 ? allowed : ['trousers'];
}
