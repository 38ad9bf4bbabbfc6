// Hair and head coverings: how each is drawn, by which words it is asked for, and who may have it when nothing is said.
import type { Options } from '@dicebear/avataaars';
import type { Rule } from '../wording.ts';

export type Top = NonNullable<Options['top']>[number];

export interface HairDrawing {
  /** Undefined: a bare head. */
  top?: Top;
  /** What hangs behind the shoulders; it is our own drawing. */
  tail?: 'ponytail' | 'braids';
  /** 1 is full hair; less lets the skin through, as when it is cut to the skin. */
  density?: number;
  /** What of it stays visible below a hat. */
  belowHat?: Top;
}

export const hairStyles = {
  bald: {},
  balding: { top: 'sides', belowHat: 'sides' },
  buzz: { top: 'theCaesar', density: 0.55, belowHat: 'theCaesar' },
  caesar: { top: 'theCaesar', belowHat: 'theCaesar' },
  sidePart: { top: 'theCaesarAndSidePart', belowHat: 'theCaesarAndSidePart' },
  crop: { top: 'shortFlat', belowHat: 'theCaesar' },
  shortRound: { top: 'shortRound', belowHat: 'theCaesar' },
  quiff: { top: 'shortWaved', belowHat: 'theCaesar' },
  curlyTop: { top: 'shortCurly', belowHat: 'theCaesar' },
  undercut: { top: 'frizzle', belowHat: 'theCaesar' },
  tousled: { top: 'shaggy', belowHat: 'theCaesar' },
  mullet: { top: 'shaggyMullet', belowHat: 'longButNotTooLong' },
  twists: { top: 'dreads01', belowHat: 'theCaesar' },
  frizzy: { top: 'dreads02', belowHat: 'bob' },
  bob: { top: 'bob', belowHat: 'bob' },
  bluntBob: { top: 'miaWallace', belowHat: 'bob' },
  lob: { top: 'longButNotTooLong', belowHat: 'longButNotTooLong' },
  longStraight: { top: 'straight02', belowHat: 'straight02' },
  longSidePart: { top: 'straight01', belowHat: 'straight01' },
  longFringe: { top: 'straightAndStrand', belowHat: 'straight02' },
  longWavy: { top: 'curvy', belowHat: 'straight01' },
  bigWavy: { top: 'bigHair', belowHat: 'bigHair' },
  curly: { top: 'curly', belowHat: 'bob' },
  afro: { top: 'fro', belowHat: 'bob' },
  afroBand: { top: 'froBand', belowHat: 'bob' },
  locs: { top: 'dreads', belowHat: 'straight02' },
  bun: { top: 'bun', belowHat: 'theCaesar' },
  ponytail: { top: 'bun', tail: 'ponytail', belowHat: 'theCaesar' },
  braids: { top: 'bun', tail: 'braids', belowHat: 'theCaesar' },
  halfShaved: { top: 'shavedSides', belowHat: 'straight01' },
  flowers: { top: 'frida', belowHat: 'theCaesar' },
} as const satisfies Record<string, HairDrawing>;
export type HairStyle = keyof typeof hairStyles;

/** How hair is worn; it comes before how it is cut: "long curly hair in a ponytail" is a ponytail. */
export const hairArrangementWords: readonly Rule<HairStyle>[] = [
  {
    phrases: ['twists', 'cornrows', 'short+dreads', 'short+locs', 'short+twists', 'short+braids', 'cornrow'],
    means: 'twists',
  },
  {
    phrases: ['dreads', 'dreadlocks', 'locs', 'box braids', 'faux locs', 'goddess braids', 'sisterlocks'],
    means: 'locs',
  },
  { phrases: ['ponytail', 'pony tail', 'pony', 'tied back'], means: 'ponytail' },
  { phrases: ['braid', 'braided', 'plaits', 'pigtails', 'french braids'], means: 'braids' },
  { phrases: ['bun', 'top knot', 'topknot', 'chignon', 'updo', 'space buns', 'afro puff'], means: 'bun' },
  { phrases: ['headband', 'hairband', 'head band'], means: 'afroBand' },
  { phrases: ['flower crown', 'floral crown', 'flowers'], means: 'flowers' },
  { phrases: ['side shave', 'half shaved', 'shaved side', 'sidecut', 'side cut'], means: 'halfShaved' },
];

/** How hair is cut and falls. */
export const haircutWords: readonly Rule<HairStyle>[] = [
  { phrases: ['bald', 'shaved head', 'hairless', 'clean shaven head'], means: 'bald' },
  { phrases: ['balding', 'receding', 'thinning'], means: 'balding' },
  { phrases: ['buzz', 'buzzed', 'buzz cut', 'buzzcut', 'shaved', 'very short'], means: 'buzz' },
  { phrases: ['caesar', 'crew cut', 'crewcut', 'fade', 'low fade', 'military', 'taper'], means: 'caesar' },
  {
    phrases: [
      'side part',
      'side parted',
      'slicked',
      'slicked back',
      'combed',
      'gentleman',
      'thick hair',
      'thick white hair',
    ],
    means: 'sidePart',
  },
  { phrases: ['short', 'crop', 'cropped', 'pixie', 'pixie cut', 'spiky', 'short+straight'], means: 'crop' },
  { phrases: ['bowl cut', 'bowl', 'rounded'], means: 'shortRound' },
  { phrases: ['quiff', 'pompadour', 'short+wavy', 'swept', 'swept back', 'high top'], means: 'quiff' },
  {
    phrases: [
      'short+curly',
      'short+curls',
      'curly+fade',
      'curly top',
      'short+coily',
      'short+afro',
      'small+afro',
      'twa',
    ],
    means: 'curlyTop',
  },
  { phrases: ['undercut', 'slicked back+undercut', 'mohawk', 'faux hawk', 'fauxhawk'], means: 'undercut' },
  {
    phrases: [
      'tousled',
      'shaggy',
      'shag',
      'messy',
      'curtains',
      'curtain bangs',
      'medium',
      'surfer',
      'medium length+tousled',
      'medium length+messy',
    ],
    means: 'tousled',
  },
  { phrases: ['mullet', 'wolf cut', 'flipped'], means: 'mullet' },
  { phrases: ['frizzy', 'wild', 'untamed', 'spiral'], means: 'frizzy' },
  { phrases: ['bob', 'chin length', 'short+bob'], means: 'bob' },
  { phrases: ['blunt bob', 'bob+with bangs', 'bob+bangs', 'bob+fringe', 'french bob', 'sleek bob'], means: 'bluntBob' },
  { phrases: ['lob', 'long bob', 'shoulder length', 'mid length', 'medium length', 'layered'], means: 'lob' },
  { phrases: ['long', 'straight', 'long+straight', 'sleek', 'long+sleek', 'waist length'], means: 'longStraight' },
  { phrases: ['long+side part', 'long+side parted', 'long+swept', 'long+layered'], means: 'longSidePart' },
  { phrases: ['bangs', 'fringe', 'long+bangs', 'long+fringe', 'long+straight+bangs'], means: 'longFringe' },
  { phrases: ['wavy', 'waves', 'long+wavy', 'long+waves', 'beach waves', 'mermaid', 'loose curls'], means: 'longWavy' },
  { phrases: ['voluminous', 'big hair', 'blowout', 'long+voluminous', 'glam waves', 'volume'], means: 'bigWavy' },
  { phrases: ['curly', 'curls', 'ringlets', 'coily', 'coils', 'long+curly', 'long+curls'], means: 'curly' },
  { phrases: ['afro', 'fro', 'natural', 'natural afro', 'kinky'], means: 'afro' },
];

/** What words that give no length mean for a man; they come before the others of as many words. */
export const mensHaircutWords: readonly Rule<HairStyle>[] = [
  { phrases: ['curly', 'curls', 'coily', 'coils', 'ringlets'], means: 'curlyTop' },
  { phrases: ['wavy', 'waves'], means: 'quiff' },
  { phrases: ['straight', 'sleek'], means: 'crop' },
  { phrases: ['bangs', 'fringe', 'layered'], means: 'tousled' },
];

export type Headwear = 'none' | 'hijab' | 'turban' | 'beanie' | 'cap' | 'sunHat' | 'winterHat';

/** Head coverings that any text may ask for; "no hat" asks for none. */
export const headwearWords: readonly Rule<Headwear>[] = [
  { phrases: ['hijab', 'headscarf', 'head scarf', 'chador', 'niqab', 'modest scarf'], means: 'hijab' },
  { phrases: ['turban', 'dastar', 'pagri', 'headwrap', 'head wrap', 'gele'], means: 'turban' },
  { phrases: ['beanie', 'knit cap', 'knit hat', 'toque'], means: 'beanie' },
  { phrases: ['cap', 'baseball cap', 'snapback', 'trucker hat', 'dad hat', 'baseball hat'], means: 'cap' },
  { phrases: ['hat', 'sun hat', 'fedora', 'wide brim', 'straw hat', 'cowboy hat', 'bucket hat'], means: 'sunHat' },
  { phrases: ['winter hat', 'ushanka', 'trapper hat', 'ear flaps', 'fur hat'], means: 'winterHat' },
];

/** Which side of the wardrobe a person is drawn from when the gender leaves it open: see `presentationOf`. */
export type Presentation = 'feminine' | 'masculine' | 'androgynous';

export const usualHairStyles: Readonly<Record<Presentation, readonly [HairStyle, ...HairStyle[]]>> = {
  feminine: [
    'bob',
    'bluntBob',
    'lob',
    'longStraight',
    'longSidePart',
    'longFringe',
    'longWavy',
    'bigWavy',
    'curly',
    'bun',
    'ponytail',
    'braids',
  ],
  masculine: ['caesar', 'sidePart', 'crop', 'shortRound', 'quiff', 'curlyTop', 'tousled', 'buzz', 'undercut'],
  androgynous: [
    'crop',
    'quiff',
    'curlyTop',
    'tousled',
    'mullet',
    'bob',
    'lob',
    'bun',
    'halfShaved',
    'undercut',
    'curly',
  ],
};

/** More that is usual with the textures of deep skin tones (an index in `skinTones` and above). */
export const coilyFromTone = 8;
export const usualCoilyStyles: Readonly<Record<Presentation, readonly [HairStyle, ...HairStyle[]]>> = {
  feminine: ['afro', 'afroBand', 'locs', 'curly', 'bun', 'braids', 'bob', 'twists'],
  masculine: ['caesar', 'twists', 'curlyTop', 'buzz', 'locs', 'afro', 'frizzy'],
  androgynous: ['twists', 'locs', 'curlyTop', 'afro', 'buzz', 'frizzy', 'bun'],
};
