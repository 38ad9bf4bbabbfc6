// Skin: twelve tones from light to deep, and which of them a person may have whose ethnicity is stated. Every wording gives a
// range, never one tone, since people of one ethnicity differ; the seed chooses within it, and over all twelve when nothing is said.
import type { Rule } from '../wording.ts';

export const skinTones = [
  'f9e0cd',
  'f5d2b6',
  'efc4a1',
  'e7b48d',
  'dba27a',
  'cd9068',
  'ba7d57',
  'a56a46',
  '8d5738',
  '7a4a31',
  '6a412d',
  '5b3727',
] as const;
export type SkinTone = (typeof skinTones)[number];

/** First and last tone of a range, as indices into `skinTones`. */
export type ToneRange = readonly [first: number, last: number];
export const everyTone: ToneRange = [0, skinTones.length - 1];

/** Words for the skin itself; they come before an ethnicity. */
export const complexions: readonly Rule<ToneRange>[] = [
  { phrases: ['fair skin', 'fair skinned', 'fair', 'pale', 'light skin', 'light skinned', 'porcelain'], means: [0, 1] },
  { phrases: ['olive skin', 'olive skinned', 'olive', 'tan', 'tanned', 'sun kissed'], means: [3, 5] },
  { phrases: ['brown skin', 'brown skinned', 'medium skin'], means: [5, 8] },
  { phrases: ['dark skin', 'dark skinned', 'deep skin', 'ebony'], means: [9, 11] },
];

/** Several that match at once ("Korean and Nigerian") share the span between them. */
export const ethnicities: readonly Rule<ToneRange>[] = [
  {
    phrases: ['scandinavian', 'nordic', 'swedish', 'norwegian', 'danish', 'finnish', 'icelandic', 'irish', 'scottish'],
    means: [0, 1],
  },
  {
    phrases: ['white', 'caucasian', 'european', 'british', 'english', 'welsh', 'french', 'german', 'dutch', 'belgian'],
    means: [0, 3],
  },
  {
    phrases: [
      'slavic',
      'russian',
      'polish',
      'ukrainian',
      'czech',
      'eastern european',
      'baltic',
      'hungarian',
      'romanian',
    ],
    means: [0, 3],
  },
  { phrases: ['anglo', 'celtic', 'swiss', 'austrian', 'western european', 'northern european'], means: [0, 3] },
  {
    phrases: ['mediterranean', 'italian', 'greek', 'spanish', 'portuguese', 'southern european', 'balkan', 'jewish'],
    means: [1, 5],
  },
  {
    phrases: ['middle eastern', 'arab', 'arabic', 'persian', 'iranian', 'turkish', 'lebanese', 'syrian', 'kurdish'],
    means: [2, 6],
  },
  { phrases: ['israeli', 'armenian', 'georgian', 'iraqi', 'saudi', 'emirati', 'palestinian', 'afghan'], means: [2, 6] },
  {
    phrases: ['north african', 'moroccan', 'egyptian', 'algerian', 'tunisian', 'berber', 'amazigh', 'maghrebi'],
    means: [3, 8],
  },
  {
    phrases: ['east asian', 'chinese', 'japanese', 'korean', 'taiwanese', 'mongolian', 'hong kong', 'asian'],
    means: [1, 4],
  },
  { phrases: ['central asian', 'kazakh', 'uzbek', 'tibetan', 'asian american', 'eurasian'], means: [1, 5] },
  {
    phrases: [
      'southeast asian',
      'south east asian',
      'filipino',
      'filipina',
      'vietnamese',
      'thai',
      'indonesian',
      'malay',
    ],
    means: [2, 7],
  },
  { phrases: ['malaysian', 'singaporean', 'cambodian', 'burmese', 'laotian', 'khmer'], means: [2, 7] },
  {
    phrases: ['south asian', 'indian', 'pakistani', 'bangladeshi', 'bengali', 'punjabi', 'desi', 'nepali', 'gujarati'],
    means: [4, 9],
  },
  { phrases: ['tamil', 'sri lankan', 'telugu', 'malayali', 'south indian'], means: [5, 10] },
  {
    phrases: [
      'latina',
      'latino',
      'latinx',
      'latine',
      'latin american',
      'hispanic',
      'mexican',
      'brazilian',
      'colombian',
    ],
    means: [1, 8],
  },
  { phrases: ['puerto rican', 'chilean', 'argentinian', 'argentine', 'venezuelan', 'peruvian'], means: [1, 7] },
  { phrases: ['cuban', 'dominican', 'afro latina', 'afro latino', 'afro brazilian'], means: [4, 10] },
  { phrases: ['caribbean', 'jamaican', 'haitian', 'trinidadian', 'african american', 'black', 'afro'], means: [6, 11] },
  {
    phrases: ['west african', 'nigerian', 'ghanaian', 'senegalese', 'ivorian', 'malian', 'yoruba', 'igbo'],
    means: [8, 11],
  },
  { phrases: ['central african', 'congolese', 'cameroonian', 'sudanese', 'south sudanese'], means: [9, 11] },
  { phrases: ['east african', 'ethiopian', 'eritrean', 'somali', 'kenyan', 'ugandan', 'rwandan'], means: [7, 11] },
  { phrases: ['african', 'southern african', 'zulu', 'xhosa', 'zimbabwean', 'black british'], means: [7, 11] },
  { phrases: ['south african'], means: [1, 11] },
  {
    phrases: [
      'native american',
      'american indian',
      'indigenous',
      'first nations',
      'indigenous american',
      'quechua',
      'maya',
      'inuit',
    ],
    means: [3, 8],
  },
  { phrases: ['pacific islander', 'polynesian', 'samoan', 'tongan', 'hawaiian', 'maori', 'fijian'], means: [4, 8] },
  { phrases: ['aboriginal', 'aboriginal australian', 'melanesian', 'papuan'], means: [8, 11] },
  { phrases: ['roma', 'romani'], means: [3, 7] },
  { phrases: ['mixed', 'biracial', 'multiracial', 'mixed race', 'mixed heritage', 'ambiguous'], means: [3, 8] },
];
