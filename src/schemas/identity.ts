import Type from 'typebox';
import { genders, listLimits, textLimits } from '../domain/influencer.ts';
import { idInput, strict, text } from './text.ts';

const personalityText = (description: string) => Type.Optional(text(textLimits.personality, description));
const personalityList = (description: string) =>
  Type.Optional(
    Type.Array(text(textLimits.personality, 'One entry.'), { maxItems: listLimits.personality, description }),
  );

export const personality = Type.Object(
  {
    traits: personalityList('Character traits.'),
    tone: personalityText('How they sound.'),
    humor: personalityText('Their kind of humour.'),
    formality: personalityText('How formal they are.'),
    values: personalityList('What they stand for.'),
    interests: personalityList('What they care about.'),
    speakingStyle: personalityText('How they put things.'),
    catchphrases: personalityList('Phrases that they come back to.'),
  },
  { ...strict, description: 'How the person thinks and talks.' },
);

const field = (limit: Exclude<keyof typeof textLimits, 'name' | 'personality'>, description: string, example: string) =>
  Type.Optional(text(textLimits[limit], description, { examples: [example] }));

/** The fields that make the person; what is left out is chosen for good when the influencer is made. */
export const identity = Type.Object(
  {
    gender: Type.Optional(Type.Enum([...genders], { description: 'Gender as it is shown.' })),
    ageRange: field('ageRange', 'Age as it is shown; an age under 18 is drawn as 18.', '25-34'),
    ethnicity: field('ethnicity', 'Ethnicity in free words.', 'East Asian'),
    bodyType: field('bodyType', 'Body type in free words.', 'athletic'),
    hairColor: field('hairColor', 'Hair colour in free words.', 'honey blonde'),
    hairStyle: field('hairStyle', 'Hair style in free words.', 'long wavy'),
    style: field('style', 'Clothing style in free words.', 'European minimalist'),
    vibe: field('vibe', 'The impression they make.', 'warm, playful'),
    voiceDescription: field('voiceDescription', 'How their voice sounds.', 'low and unhurried'),
    personality: Type.Optional(personality),
  },
  strict,
);

export const influencerName = text(textLimits.name, 'Display name.', { minLength: 1, examples: ['Ava Chen (EU)'] });

export const assetIds = Type.Array(idInput('asset', 'A ready asset of the project.'), {
  minItems: 1,
  maxItems: listLimits.assetIds,
  description: 'Photos of the person to start from.',
});
