import fc from 'fast-check';
import { genders, listLimits, textLimits, type Identity } from '../../src/domain/influencer.ts';

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength }).map((any) => any.replaceAll('\0', ' '));
const personalityText = text(textLimits.personality);
const personalityList = fc.array(personalityText, { maxLength: listLimits.personality });
const anyOf = { requiredKeys: [] as never[], noNullPrototype: true };

/** Any identity that the API takes, any field of it missing; in Unicode, whatever it holds. */
export const identities: fc.Arbitrary<Identity> = fc.record(
  {
    gender: fc.constantFrom(...genders),
    ageRange: text(textLimits.ageRange),
    ethnicity: text(textLimits.ethnicity),
    bodyType: text(textLimits.bodyType),
    hairColor: text(textLimits.hairColor),
    hairStyle: text(textLimits.hairStyle),
    style: text(textLimits.style),
    vibe: text(textLimits.vibe),
    voiceDescription: text(textLimits.voiceDescription),
    personality: fc.record(
      {
        traits: personalityList,
        tone: personalityText,
        humor: personalityText,
        formality: personalityText,
        values: personalityList,
        interests: personalityList,
        speakingStyle: personalityText,
        catchphrases: personalityList,
      },
      anyOf,
    ),
  },
  anyOf,
);

/** An identity as records show it: what is unset is null. */
export const shown = (identity: Identity) => ({
  gender: null,
  ageRange: null,
  ethnicity: null,
  bodyType: null,
  hairColor: null,
  hairStyle: null,
  style: null,
  vibe: null,
  voiceDescription: null,
  personality: null,
  ...identity,
});
