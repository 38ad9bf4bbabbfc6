// Finds what free text says about looks. The rule of precedence, for every table of words: the phrase with the most words
// wins ("honey blonde" before "blonde"); of equally long ones the first in the text, then the first in the table; a
// negated word ("no glasses") does not count.

/** What texts with one of these phrases mean. In a phrase `a b` stand side by side, and `a+b` may stand anywhere. */
export interface Rule<Meaning> {
  phrases: readonly string[];
  means: Meaning;
}

const negations = new Set(['no', 'not', 'without', 'never', 'non', 'minus', 'hates', 'avoids']);
/** How many words a negation reaches over: "no visible facial hair". */
const negationReach = 3;
const conjunctions = new Set(['but', 'and', 'with', 'just', 'only']);
const clauseEnd = /[.,;:/!?()]/;

/** Sayings that deny nothing that can be seen. */
const idioms = /\bno[- ](?:nonsense|frills|fuss|filter|drama)\b/g;

/** Where each word of a text stands, under all forms by which a rule may seek it. */
type Positions = ReadonlyMap<string, ReadonlySet<number>>;

interface Words {
  affirmed: Positions;
  denied: Positions;
}

function wordsOf(text: string): Words {
  const tokens =
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/['’]/g, '')
      .replace(idioms, ',')
      .match(/[\p{L}\p{N}]+|[.,;:/!?()]/gu) ?? [];
  const affirmed = new Map<string, Set<number>>();
  const denied = new Map<string, Set<number>>();
  let reach = 0;
  tokens.forEach((token, position) => {
    if (negations.has(token)) {
      reach = negationReach + 1;
    } else if (conjunctions.has(token) || clauseEnd.test(token)) {
      reach = 0;
    }
    const words = reach > 0 ? denied : affirmed;
    for (const form of formsOf(token)) {
      words.set(form, (words.get(form) ?? new Set()).add(position));
    }
    reach = Math.max(0, reach - 1);
  });
  return { affirmed, denied };
}

/** A word, and what it would be the plural of. */
const formsOf = (word: string): readonly string[] => [
  word,
  ...(word.endsWith('s') ? [word.slice(0, -1)] : []),
  ...(/(?:s|x|z|ch|sh)es$/.test(word) ? [word.slice(0, -2)] : []),
];

const nowhere: ReadonlySet<number> = new Set();

/** Returns where words that must stand side by side first do so, or -1. */
function positionOf(sought: readonly string[], words: Positions): number {
  const [first = '', ...others] = sought;
  for (const start of words.get(first) ?? nowhere) {
    if (others.every((word, index) => words.get(word)?.has(start + index + 1) === true)) {
      return start;
    }
  }
  return -1;
}

interface Finding<Meaning> {
  means: Meaning;
  length: number;
  position: number;
}

function findingsIn<Meaning>(
  text: string | undefined,
  rules: readonly Rule<Meaning>[],
  said: keyof Words = 'affirmed',
): readonly Finding<Meaning>[] {
  if (text === undefined || text === '') {
    return [];
  }
  const words = wordsOf(text)[said];
  return rules
    .flatMap(({ phrases, means }) =>
      phrases.flatMap((phrase) => {
        const parts = phrase.split('+').map((part) => part.split(' '));
        const positions = parts.map((part) => positionOf(part, words));
        return positions.includes(-1) ? [] : [{ means, length: parts.flat().length, position: Math.min(...positions) }];
      }),
    )
    .sort((a, b) => b.length - a.length || a.position - b.position);
}

/** Returns the meaning of the best phrase in `text`, or undefined when no rule speaks. */
export function meaningOf<Meaning>(text: string | undefined, rules: readonly Rule<Meaning>[]): Meaning | undefined {
  return findingsIn(text, rules)[0]?.means;
}

/** Says whether `text` denies what the rules are about, as "no glasses" does. */
export const denies = (text: string | undefined, rules: readonly Rule<unknown>[]): boolean =>
  findingsIn(text, rules, 'denied').length > 0;

/** Returns every different meaning that `text` has, the best first; a word that a longer phrase used up is not read again. */
export function meaningsOf<Meaning>(text: string | undefined, rules: readonly Rule<Meaning>[]): readonly Meaning[] {
  const used = new Set<number>();
  const meanings = new Set<Meaning>();
  for (const { means, length, position } of findingsIn(text, rules)) {
    const span = Array.from({ length }, (_, offset) => position + offset);
    if (!span.some((at) => used.has(at))) {
      span.forEach((at) => used.add(at));
      meanings.add(means);
    }
  }
  return [...meanings];
}
