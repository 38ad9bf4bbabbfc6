// Formats of texts that JSON Schema has no name for. Node's Intl has the lists.

import Type from 'typebox';
import { projectTextLimits } from '../domain/project.ts';

export const timeZone = () =>
  Type.String({
    format: 'time-zone',
    maxLength: projectTextLimits.timezone,
    description:
      'Where the project works: a name of the [IANA time zone database](https://www.iana.org/time-zones), kept as you write it. No offsets, no abbreviations.',
    examples: ['Europe/Berlin'],
  });

export const languageTag = () =>
  Type.String({
    format: 'language-tag',
    maxLength: projectTextLimits.primaryLanguage,
    description: 'The language it works in: a BCP 47 tag, kept as you write it.',
    examples: ['pt-BR'],
  });

/** IANA's names of three letters. ICU has others of its own, with surprises: its BST is Dhaka's time. */
const shortZones = ['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC', 'WET'];

const isTimeZone = (text: string): boolean =>
  /^[a-z]/i.test(text) && // Intl takes offsets too
  !/^SystemV\//i.test(text) &&
  (text.length > 3 || text === 'GB' || text === 'NZ' || shortZones.includes(text)) &&
  isTaken(() => new Intl.DateTimeFormat('en', { timeZone: text }));

const isLanguageTag = (text: string): boolean => isTaken(() => Intl.getCanonicalLocales(text));

function isTaken(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false; // a RangeError: the answer to the question
  }
}

interface TextFormat {
  check: (text: string) => boolean;
  /** What it demands, in words, for the issue. */
  meaning: string;
}

export const textFormats: Readonly<Record<string, TextFormat>> = {
  'time-zone': { check: isTimeZone, meaning: 'must be a name of the IANA time zone database' },
  'language-tag': { check: isLanguageTag, meaning: 'must be a BCP 47 language tag' },
};
