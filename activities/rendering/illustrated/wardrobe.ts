// Clothes: what each style's wardrobe holds and which words ask for it. A person changes clothes between shots, so a wardrobe
// is lists; `outfitsOf` puts four outfits together from them.
import type { Options } from '@dicebear/avataaars';
import type { Rule } from '../wording.ts';

type Clothing = NonNullable<Options['clothing']>[number];
type Graphic = NonNullable<Options['clothingGraphic']>[number];

/** A garment of the upper body: the art's own piece and what we draw around it. */
export interface Garment {
  clothing: Clothing;
  sleeves: 'long' | 'short';
  /** Open in front, over a light shirt. */
  open?: boolean;
  collar?: 'turtleneck' | 'tie' | 'scarf' | 'pendant' | 'choker' | 'beads';
  graphic?: Graphic;
  /** A zip with a pocket, stripes across, or one along the sleeve. */
  detail?: 'zip' | 'stripes' | 'sideStripe';
}

export const garments = {
  tee: { clothing: 'shirtCrewNeck', sleeves: 'short' },
  stripedTee: { clothing: 'shirtCrewNeck', sleeves: 'long', detail: 'stripes' },
  vneck: { clothing: 'shirtVNeck', sleeves: 'short' },
  vneckPendant: { clothing: 'shirtVNeck', sleeves: 'long', collar: 'pendant' },
  scoop: { clothing: 'shirtScoopNeck', sleeves: 'short' },
  scoopBeads: { clothing: 'shirtScoopNeck', sleeves: 'long', collar: 'beads' },
  scoopChoker: { clothing: 'shirtScoopNeck', sleeves: 'long', collar: 'choker' },
  scoopPendant: { clothing: 'shirtScoopNeck', sleeves: 'long', collar: 'pendant' },
  diamondTee: { clothing: 'graphicShirt', sleeves: 'short', graphic: 'diamond' },
  bearTee: { clothing: 'graphicShirt', sleeves: 'short', graphic: 'bear' },
  deerTee: { clothing: 'graphicShirt', sleeves: 'short', graphic: 'deer' },
  batTee: { clothing: 'graphicShirt', sleeves: 'long', graphic: 'bat' },
  skullTee: { clothing: 'graphicShirt', sleeves: 'long', graphic: 'skullOutline' },
  pizzaTee: { clothing: 'graphicShirt', sleeves: 'short', graphic: 'pizza' },
  hoodie: { clothing: 'hoodie', sleeves: 'long', detail: 'zip' },
  jumper: { clothing: 'shirtCrewNeck', sleeves: 'long' },
  trackTop: { clothing: 'shirtCrewNeck', sleeves: 'long', detail: 'sideStripe' },
  turtleneck: { clothing: 'shirtCrewNeck', sleeves: 'long', collar: 'turtleneck' },
  collared: { clothing: 'collarAndSweater', sleeves: 'long' },
  scarfJumper: { clothing: 'shirtCrewNeck', sleeves: 'long', collar: 'scarf' },
  blazer: { clothing: 'blazerAndShirt', sleeves: 'long', open: true },
  blazerTie: { clothing: 'blazerAndSweater', sleeves: 'long', open: true, collar: 'tie' },
  blazerShirt: { clothing: 'blazerAndSweater', sleeves: 'long', open: true },
  dungarees: { clothing: 'overall', sleeves: 'short' },
} as const satisfies Record<string, Garment>;
type GarmentName = keyof typeof garments;

export type Bottoms = 'trousers' | 'wide' | 'leggings' | 'joggers' | 'shorts' | 'skirt' | 'maxi';
export type Shoes = 'sneakers' | 'loafers' | 'boots' | 'flats';

interface Wardrobe {
  garments: readonly [GarmentName, ...GarmentName[]];
  colors: readonly [string, ...string[]];
  bottoms: readonly [Bottoms, ...Bottoms[]];
  bottomColors: readonly [string, ...string[]];
  shoes: readonly [Shoes, ...Shoes[]];
  shoeColors: readonly [string, ...string[]];
}

type StyleName =
  | 'casual'
  | 'streetwear'
  | 'formal'
  | 'sporty'
  | 'bohemian'
  | 'goth'
  | 'preppy'
  | 'minimalist'
  | 'romantic'
  | 'colorful'
  | 'outdoor'
  | 'vintage'
  | 'glam';

export const wardrobes: Readonly<Record<StyleName, Wardrobe>> = {
  casual: {
    garments: ['tee', 'jumper', 'vneck', 'hoodie', 'collared', 'scoop', 'stripedTee', 'dungarees'],
    colors: ['3f6fa8', 'd9664f', '4f8a6b', 'e3b04b', '7d6aa8', '2f4858', 'd98b9b', 'c7d3dc'],
    bottoms: ['trousers', 'trousers', 'wide', 'skirt'],
    bottomColors: ['3d5578', '2f3e55', '6d7f94', 'b79b78'],
    shoes: ['sneakers', 'boots'],
    shoeColors: ['f2efe9', '3a3a40', 'a6653f'],
  },
  streetwear: {
    garments: ['hoodie', 'diamondTee', 'trackTop', 'bearTee', 'jumper', 'pizzaTee', 'tee'],
    colors: ['1f2126', 'e8552d', '4a5a3c', '5b3fa0', 'c9ccd1', '1e7a74', 'e6b422', '9b2335'],
    bottoms: ['joggers', 'wide', 'trousers'],
    bottomColors: ['26282e', '4b4f45', '3a4a63', '8b8577'],
    shoes: ['sneakers'],
    shoeColors: ['f5f5f3', 'e8552d', '2b2c31'],
  },
  formal: {
    garments: ['blazerTie', 'blazerShirt', 'blazer', 'turtleneck'],
    colors: ['26324a', '34373d', '5a6473', '3d2f3a', '4b3a31', '1f3d3a'],
    bottoms: ['trousers', 'trousers', 'skirt'],
    bottomColors: ['222c40', '2d2f34', '424a57'],
    shoes: ['loafers'],
    shoeColors: ['2a211d', '1d1d20', '5a3a28'],
  },
  sporty: {
    garments: ['trackTop', 'hoodie', 'tee', 'vneck', 'scoop'],
    colors: ['1f6fd6', 'e2373f', '17a673', '222831', 'f08a24', '6fd0e8', 'd94f8f'],
    bottoms: ['leggings', 'joggers', 'shorts'],
    bottomColors: ['20252e', '2b3a55', '4c525c'],
    shoes: ['sneakers'],
    shoeColors: ['ffffff', 'e2373f', '2ad1b0'],
  },
  bohemian: {
    garments: ['scoopBeads', 'vneckPendant', 'scarfJumper', 'scoopPendant', 'dungarees', 'vneck'],
    colors: ['b5603c', 'd9a441', '7a8450', '8f4a5b', 'e8d3b0', '3f6f73', 'a8744f'],
    bottoms: ['maxi', 'wide', 'skirt'],
    bottomColors: ['7b4a3a', 'c9a77a', '54603f', '3e5a66'],
    shoes: ['boots', 'flats'],
    shoeColors: ['8a5a3a', '5e3d2b', 'b98a5e'],
  },
  goth: {
    garments: ['scoopChoker', 'turtleneck', 'skullTee', 'batTee', 'hoodie', 'blazer'],
    colors: ['1b1a1f', '2a2230', '45162a', '33253f', '22292e'],
    bottoms: ['trousers', 'skirt', 'leggings'],
    bottomColors: ['17161a', '241f2b', '2d1a24'],
    shoes: ['boots'],
    shoeColors: ['121114'],
  },
  preppy: {
    garments: ['collared', 'blazerTie', 'jumper', 'blazerShirt', 'stripedTee'],
    colors: ['23395d', '7b2331', '2f5d46', 'd8b45a', '9dbbd8', 'd68c9c'],
    bottoms: ['trousers', 'skirt', 'trousers'],
    bottomColors: ['c2a679', '2b3a57', '8d8f7a'],
    shoes: ['loafers', 'sneakers'],
    shoeColors: ['6b3f26', 'f4f1ea', '3a2a22'],
  },
  minimalist: {
    garments: ['turtleneck', 'jumper', 'tee', 'blazer', 'vneck'],
    colors: ['22252a', '8b8f93', 'b9a690', 'd2cdc4', '5a6068', '6e7363'],
    bottoms: ['trousers', 'wide', 'trousers'],
    bottomColors: ['2a2d32', '9b9184', '55585d', 'cfc6b8'],
    shoes: ['loafers', 'sneakers', 'boots'],
    shoeColors: ['1f2023', 'f1eee8'],
  },
  romantic: {
    garments: ['scoopPendant', 'scoop', 'collared', 'vneckPendant', 'jumper'],
    colors: ['e7a6b3', 'b9a0d0', 'd86f7c', '9fc0b2', 'f0d9c4', 'a34a63'],
    bottoms: ['skirt', 'maxi', 'wide'],
    bottomColors: ['8c5a72', 'c98f9a', '6f7ea3'],
    shoes: ['flats', 'loafers'],
    shoeColors: ['a86a72', '6a4a4f'],
  },
  colorful: {
    garments: ['stripedTee', 'pizzaTee', 'dungarees', 'hoodie', 'jumper', 'bearTee', 'scarfJumper'],
    colors: ['ff5c5c', 'ffb72b', '2bb3a3', '6a5cff', 'ff7ab8', '2d9cdb', '7ac74f'],
    bottoms: ['wide', 'trousers', 'skirt'],
    bottomColors: ['3457a6', 'e2574c', '3b8f7d', '5b4b9a'],
    shoes: ['sneakers', 'boots'],
    shoeColors: ['ffd23f', 'ff5c5c', 'ffffff'],
  },
  outdoor: {
    garments: ['jumper', 'hoodie', 'deerTee', 'collared', 'scarfJumper', 'tee'],
    colors: ['4d6b46', 'b5562f', '38566b', 'c79a45', '6b4f3a', '8c3a34'],
    bottoms: ['trousers', 'trousers', 'joggers'],
    bottomColors: ['5c5344', '3b4642', '7c6a50'],
    shoes: ['boots'],
    shoeColors: ['7a4e2d', '44362b'],
  },
  vintage: {
    garments: ['collared', 'stripedTee', 'turtleneck', 'scoop', 'blazer', 'dungarees'],
    colors: ['c2703d', '6b7f4a', 'd9a03f', '8c3b3b', '3d6670', 'e6d2a8'],
    bottoms: ['wide', 'skirt', 'trousers'],
    bottomColors: ['5d4632', '7d5a3c', '40525e'],
    shoes: ['loafers', 'boots'],
    shoeColors: ['6b3d24', '3b2a20'],
  },
  glam: {
    garments: ['scoopPendant', 'blazer', 'vneckPendant', 'turtleneck', 'scoopChoker'],
    colors: ['a3123a', '1c1b20', 'c9a24b', '5a1f5e', '0f5f57', 'e8dfd3'],
    bottoms: ['skirt', 'wide', 'leggings'],
    bottomColors: ['1a191d', '3b1630', '4d4038'],
    shoes: ['flats', 'boots'],
    shoeColors: ['1a1a1d', 'b08d3c'],
  },
};

/** Styles of a person of whom nothing is said. */
export const usualStyles: readonly [StyleName, ...StyleName[]] = [
  'casual',
  'streetwear',
  'preppy',
  'minimalist',
  'bohemian',
  'sporty',
];

export const styleWords: readonly Rule<StyleName>[] = [
  {
    phrases: ['casual', 'everyday', 'comfy', 'cozy', 'relaxed', 'denim', 'jeans', 'girl next door', 'normcore'],
    means: 'casual',
  },
  {
    phrases: [
      'streetwear',
      'street',
      'urban',
      'hip hop',
      'skater',
      'skate',
      'hypebeast',
      'sneakerhead',
      'techwear',
      'hoodie',
    ],
    means: 'streetwear',
  },
  {
    phrases: [
      'formal',
      'business',
      'corporate',
      'suit',
      'tailored',
      'professional',
      'executive',
      'office',
      'black tie',
      'dapper',
    ],
    means: 'formal',
  },
  {
    phrases: [
      'sporty',
      'athleisure',
      'athletic',
      'gym',
      'fitness',
      'sportswear',
      'activewear',
      'yoga',
      'runner',
      'tennis',
    ],
    means: 'sporty',
  },
  {
    phrases: ['bohemian', 'boho', 'hippie', 'hippy', 'festival', 'earthy', 'free spirited', 'coachella', 'folk'],
    means: 'bohemian',
  },
  {
    phrases: ['goth', 'gothic', 'punk', 'emo', 'grunge', 'alternative', 'dark academia', 'metal', 'rock'],
    means: 'goth',
  },
  {
    phrases: ['preppy', 'ivy', 'ivy league', 'old money', 'academia', 'collegiate', 'nautical', 'smart casual'],
    means: 'preppy',
  },
  {
    phrases: [
      'minimalist',
      'minimal',
      'european minimalist',
      'scandinavian',
      'monochrome',
      'neutral',
      'clean',
      'quiet luxury',
    ],
    means: 'minimalist',
  },
  {
    phrases: ['japanese minimalist', 'capsule', 'normcore minimal', 'understated', 'french', 'parisian'],
    means: 'minimalist',
  },
  {
    phrases: ['romantic', 'feminine', 'cottagecore', 'soft girl', 'coquette', 'floral', 'pastel', 'delicate'],
    means: 'romantic',
  },
  {
    phrases: ['colorful', 'colourful', 'maximalist', 'kawaii', 'y2k', 'rave', 'eclectic', 'bright', 'dopamine', 'pop'],
    means: 'colorful',
  },
  {
    phrases: ['outdoor', 'outdoorsy', 'gorpcore', 'hiking', 'rugged', 'lumberjack', 'workwear', 'western', 'camping'],
    means: 'outdoor',
  },
  {
    phrases: ['vintage', 'retro', 'seventies', '70s', '60s', '90s', 'thrift', 'mid century', 'classic'],
    means: 'vintage',
  },
  {
    phrases: [
      'glam',
      'glamorous',
      'luxury',
      'red carpet',
      'couture',
      'evening',
      'party',
      'chic',
      'high fashion',
      'elegant',
    ],
    means: 'glam',
  },
  {
    phrases: ['beach', 'beachwear', 'surf', 'resort', 'tropical', 'aloha', 'hawaiian', 'swimwear', 'summer'],
    means: 'casual',
  },
  { phrases: ['techno', 'headphones', 'graffiti', 'k pop', 'drill', 'rap', 'baggy'], means: 'streetwear' },
  { phrases: ['business casual', 'lawyer', 'banker', 'tuxedo', 'smart'], means: 'formal' },
  {
    phrases: ['basketball', 'football', 'soccer', 'jersey', 'cycling', 'running', 'swimming', 'dance', 'tracksuit'],
    means: 'sporty',
  },
  { phrases: ['artsy', 'artist', 'artistic', 'painter', 'jewelry', 'beads', 'poncho'], means: 'bohemian' },
  { phrases: ['90s grunge', 'leather', 'leather jacket', 'biker', 'vampire', 'witchy'], means: 'goth' },
  {
    phrases: ['professor', 'tweed', 'scholar', 'librarian', 'teacher', 'cardigan', 'polo', 'sweater vest', 'knitwear'],
    means: 'preppy',
  },
  { phrases: ['linen', 'modest', 'kurta', 'djellaba', 'thobe', 'abaya', 'shalwar', 'salwar'], means: 'minimalist' },
  { phrases: ['dress', 'sundress', 'kimono', 'hanbok', 'lace'], means: 'romantic' },
  {
    phrases: ['trekking', 'fisherman', 'viking', 'cowboy', 'farmer', 'safari', 'flannel', 'plaid', 'military'],
    means: 'outdoor',
  },
  { phrases: ['saree', 'sari', 'lehenga', 'kaftan', 'caftan', 'gown', 'cocktail', 'sequins'], means: 'glam' },
];

/** Colours that a style's words may ask for; they come before the wardrobe's own. */
export const garmentColorWords: readonly Rule<string>[] = [
  { phrases: ['all black', 'black', 'dark'], means: '1f1f24' },
  { phrases: ['all white', 'white', 'ivory'], means: 'ece9e2' },
  { phrases: ['grey', 'gray', 'monochrome'], means: '80858b' },
  { phrases: ['beige', 'neutral', 'neutrals', 'cream', 'camel', 'sand'], means: 'cdb596' },
  { phrases: ['navy'], means: '24365a' },
  { phrases: ['burgundy', 'maroon', 'wine', 'crimson'], means: '6f2036' },
  { phrases: ['teal', 'turquoise', 'emerald'], means: '1f7d7a' },
  { phrases: ['gold', 'golden'], means: 'c9a24b' },
  { phrases: ['silver', 'pearl grey'], means: 'b4b8bd' },
  { phrases: ['blue', 'denim'], means: '3f6fa8' },
  { phrases: ['red'], means: 'c23a3a' },
  { phrases: ['pink', 'pastel pink'], means: 'e79ab0' },
  { phrases: ['green', 'olive', 'sage', 'sage green', 'olive green'], means: '6f8a5e' },
  { phrases: ['yellow', 'mustard'], means: 'dfb23f' },
  { phrases: ['orange', 'terracotta', 'rust'], means: 'c8683a' },
  { phrases: ['purple', 'lavender', 'lilac'], means: '8a6bb0' },
  { phrases: ['brown', 'earth tones', 'earthy'], means: '7d5a40' },
  { phrases: ['pastel', 'pastels'], means: 'b8cfe0' },
];

/** A `dress` and a `gown` have one colour from top to hem. */
export const bottomsWords: readonly Rule<Bottoms | 'dress' | 'gown'>[] = [
  { phrases: ['dress', 'sundress', 'summer dress', 'cocktail dress'], means: 'dress' },
  {
    phrases: ['gown', 'evening gown', 'evening dress', 'maxi dress', 'long dress', 'saree', 'sari', 'lehenga', 'abaya'],
    means: 'gown',
  },
  { phrases: ['kaftan', 'caftan', 'kimono', 'hanbok'], means: 'gown' },
  { phrases: ['skirt', 'miniskirt'], means: 'skirt' },
  { phrases: ['maxi skirt', 'long skirt'], means: 'maxi' },
  {
    phrases: ['trousers', 'pants', 'jeans', 'suit', 'slacks', 'chinos', 'dress shirt', 'dress shoes', 'dress code'],
    means: 'trousers',
  },
  { phrases: ['wide leg', 'baggy', 'flared', 'palazzo', 'shalwar', 'salwar'], means: 'wide' },
  { phrases: ['joggers', 'sweatpants', 'tracksuit', 'track suit'], means: 'joggers' },
  { phrases: ['shorts', 'denim shorts', 'board shorts'], means: 'shorts' },
  { phrases: ['leggings', 'tights'], means: 'leggings' },
];

/** Garments that a text asks for: they come first, in the portrait too, and the style's own follow. */
export const garmentWords: readonly Rule<GarmentName>[] = [
  { phrases: ['hoodie', 'hooded', 'sweatshirt'], means: 'hoodie' },
  { phrases: ['t shirt', 'tshirt', 'tee'], means: 'tee' },
  { phrases: ['turtleneck', 'turtle neck', 'roll neck', 'polo neck'], means: 'turtleneck' },
  { phrases: ['polo', 'polo shirt', 'button down', 'button up', 'dress shirt'], means: 'collared' },
  { phrases: ['blazer', 'jacket', 'coat', 'trench', 'cardigan', 'bomber'], means: 'blazer' },
  { phrases: ['suit', 'three piece'], means: 'blazerShirt' },
  { phrases: ['tie', 'necktie', 'suit and tie', 'tuxedo'], means: 'blazerTie' },
  { phrases: ['tracksuit', 'track suit', 'track jacket', 'track top'], means: 'trackTop' },
  { phrases: ['dungarees', 'overalls', 'pinafore'], means: 'dungarees' },
  { phrases: ['wool scarf', 'knit scarf', 'knitted scarf', 'winter scarf'], means: 'scarfJumper' },
  { phrases: ['sweater', 'jumper', 'pullover', 'knitwear'], means: 'jumper' },
  { phrases: ['striped', 'stripes', 'breton'], means: 'stripedTee' },
  { phrases: ['band tee', 'band t shirt', 'band shirt'], means: 'skullTee' },
  { phrases: ['choker'], means: 'scoopChoker' },
  { phrases: ['pearls', 'pearl necklace'], means: 'scoopPendant' },
  { phrases: ['beads', 'beaded', 'jewelry', 'jewellery'], means: 'scoopBeads' },
  { phrases: ['necklace', 'pendant', 'chain', 'gold chain'], means: 'vneckPendant' },
];

/** What the upper part of a dress looks like. */
export const dressGarments: readonly [GarmentName, ...GarmentName[]] = [
  'scoop',
  'vneck',
  'scoopPendant',
  'vneckPendant',
];
