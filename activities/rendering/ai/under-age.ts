// What speaks of somebody below 18: nothing of it may get into a prompt. In doubt a text does. The tables below are the only ones,
// and cannot know every word: docs/decisions/020-prompts.md says what is left to the rules of the prompt.
import { agesSaidIn, drawnAges } from '../age.ts';
import { inDigits, lettersWithoutMarks, readingsOf } from './readings.ts';

const adultAge = 18;
const oldestAge = 120;

/**
 * Says whether a text speaks of a child: "14-year-old", "looks twelve", "schoolgirl", "toddler", whatever script its digits or its
 * letters are from. Numbers that are not said to be ages ("5 cats") and words that adults use of adults ("girl boss") do not count.
 */
export const speaksOfChild = (text: string): boolean =>
  readingsOf(text).some((reading) => {
    const said = reading.replace(innocentPhrases, ' ');
    return childPhrases.some((phrase) => phrase.test(said)) || wordsHoweverSpaced.test(said.replace(/\P{L}/gu, ''));
  });

/**
 * Says whether an age is below 18, or nobody's. An adult's in digits wins over words and numbers in words that need not be ages:
 * "25 (one of a kind)", "30s, mother of two".
 */
export function saysUnderAge(age: string): boolean {
  if (speaksOfChild(age)) return true;
  const said = withoutOwnChildren(lettersWithoutMarks(age));
  const digits = numbersIn(said);
  if (digits.some(isNoAdultAge) || /\d\s*(?:month|mos?\b|week|days?\b)/.test(said)) return true;
  if (digits.length > 0) return false;
  return readingsOf(age).some((reading) => {
    const numbers = numbersIn(withoutOwnChildren(reading));
    return numbers.length > 0 ? numbers.some(isNoAdultAge) : youthfulWords.test(reading);
  });
}

/** Reads an age in digits or in words; one below 18 is 18. Undefined where it can read nothing. */
export function adultAgesIn(age: string): readonly [from: number, to: number] | undefined {
  if (saysUnderAge(age)) return [adultAge, adultAge];
  const said = withoutOwnChildren(lettersWithoutMarks(age));
  const ages = agesSaidIn(/\d/.test(said) ? said : inDigits(said));
  return ages && drawnAges(ages);
}

const numbersIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
const isNoAdultAge = (years: number): boolean => years < adultAge || years > oldestAge;

/** Finds any of these where a word begins. */
const wordsWith = (sources: readonly string[], flags = 'u'): RegExp =>
  new RegExp(`(?<!\\p{L})(?:${sources.join('|')})`, flags);

const end = '(?!\\p{L})';
const apostrophe = "['ʼ’]";
/** A number below 18. */
const few = '(?<!\\d)(?<!\\d[.,])0*(?:1[0-7]|\\d)(?:[.,]\\d+)?(?!\\d)';
/** Where a number does not count what follows. */
const countsNothing =
  '(?=\\s*(?:$|[^\\p{L}\\d\\s%$\'"ʼ’′″°:-])|[\\s-]*ish(?!\\p{L})|\\s+(?:and|or|but|with|who|if|in|wearing|girl|boy|female|male|model|student)(?!\\p{L}))';
/** Where a number is no age, as in "looks 5 feet tall" and "looks 10 years younger". */
const measuresNothing =
  '(?!\\s*(?:[:%\'"ʼ’′″°]|(?:of|out of|times|feet|foot|ft|inch|inches|cm|km|kg|lbs|pounds|stars|people)(?!\\p{L})|-?\\s*(?:years?|yrs?)\\s+(?!old|of age|young(?!er))))';
const school = '(?:elementary|primary|middle|junior|junior high|high|grade|secondary|nursery|boarding)[\\s-]*school';
const ordinal =
  '(?:\\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)';

/** A person's children: how many and how old they are says nothing about the person. */
const ownChildren =
  '(?:grand)?(?:mother|mom|mum|mama|father|dad|papa|parent)s? (?:of|to) (?:a|an|one|\\d{1,2})(?: (?:young|small|little|grown|teenage))?' +
  `(?: (?:kid|child|children|boy|girl|son|daughter|teen|teenager|toddler)s?)?${end}(?![\\s-]*(?:\\d|y))`;
const withoutOwnChildren = (text: string): string => text.replace(wordsWith([ownChildren], 'gu'), ' ');

/** What has a childish word in it and speaks of no child. */
const innocentPhrases = wordsWith(
  [
    ownChildren,
    `(?:child[\\s-]?(?:free|less)|brainchild|enfant terrible|baby[\\s-]?(?:boomer|lights|sit\\p{L}*)|babylon\\p{L}*)${end}`,
    `kid[\\s-]*(?:gloves?|leather|suede|mohair|skin)${end}`,
    `baby[\\s-]+(?:blue|pink|yellow|lavender|lilac|blonde?|bangs|fringe|hairs?|curls|tee|shower|powder|grand|steps|spinach)${end}`,
    `baby${apostrophe}?s[\\s-]breath${end}`,
    `(?:${school}|preschool|kindergarten|${ordinal}[\\s-]grade|child|children|kids|teen|infant)${apostrophe}?s?${apostrophe}?[\\s-]+` +
      '(?:teacher|counsell?or|principal|librarian|nurse|psychologist|psychology|psychiatrist|therapist|educator|education' +
      `|development|welfare|protection|rights|care|advocate|literature|book|author|illustrator|hospital|charity)s?${end}`,
  ],
  'gu',
);

/** What speaks of a child. Latin words stand here without their marks. */
const childPhrases: readonly RegExp[] = [
  wordsWith([
    ...['child', 'teen(?!s?y(?!\\p{L}))', 'tween', 'pre[\\s-]?teen', 'toddler', 'infant(?!ry)', 'new[\\s-]?born'],
    ...['juvenil', 'adolescen', '(?:pre|peri)?[\\s-]?(?:pubesc|pubert)', 'loli', 'jail[\\s-]?bait', 'nymphet'],
    ...['barely[\\s-]?legal', 'age[\\s-]?play', 'bab(?:y|ies)', 'young(?:ster|ling)', '(?:girl|boy)(?:hood|child)'],
    ...['pre[\\s-]?school', 'kindergar[td]', 'junior[\\s-]high', '(?:fifth|sixth|[56]th)[\\s-]?form'],
    ...['school(?:girl|boy)', `school[\\s-](?:girl|boy)s?${end}`, `${school}(?:er)?s?${end}`],
    'school[\\s-]?(?:child|kid|student|uniform|age(?!nt))',
    ...[`${ordinal}[\\s-]*grade(?:r|rs)?${end}`, `(?:in grade|year) ${few}${countsNothing}`, `under[\\s-]?aged?${end}`],
    ...[`kid(?:s|do|dos|die|dies|dy)?${end}`, `shota(?:con)?s?${end}`, `pa?edo(?:s|phil\\p{L}*)?${end}`],
    'hs (?:student|freshman|sophomore|junior|senior|girl|boy)',
    `(?:little|young|small|tiny|wee|underdeveloped)[\\s-]+(?:\\p{L}+[\\s-]+)?(?:girl|boy|lad|lass|lassie)s?${end}`,
    'not(?: yet| quite)* (?:an? )?(?:adult|grown)',
  ]),
  // A minor, but no minor key, scar or celebrity.
  /(?<!\p{L})(?<!(?:key of|in) a |(?<!\p{L})[b-g] |sharp |flat )minor(?:s(?!\p{L})|(?=\s*(?:$|[^\p{L}\s])|\s+(?:with|who|in|and|or|but|wearing|girl|boy|female|male)(?!\p{L})))/u,
  new RegExp(`${few}[\\s-]*(?:ye?a?rs?|y)[\\s./-]*(?:olds?|o|of age|young)${end}`, 'u'),
  new RegExp(`${few}[\\s-]*(?:girl|boy|female|male)${end}|${few}\\s*/\\s*[fm]${end}|\\d[\\s-]*months?[\\s-]old`, 'u'),
  new RegExp(`^[^\\p{L}\\d]*${few}[^\\p{L}\\d]*$|(?:^|[,;(])\\s*${few}\\s*(?:years?|yrs?|y)\\s*(?:$|[,;).])`, 'u'),
  wordsWith([
    `age[ds]?\\s*(?:(?:of|is|about|around|only|just|range|[:=~-])\\s*)*${few}`,
    '(?:look|appear|seem|pass|act|resembl)(?:s|es|ed|ing)?(?:[\\s~]+(?:like|as|for|to|be|a|an|about|around|roughly|barely|only|just|maybe' +
      `|almost|nearly|not|even|if|younger|older|than|no|more|she|he|they|is|was|were))*[\\s~]+${few}${measuresNothing}`,
    `(?:could be|(?:she|he|they)(?:${apostrophe}s|${apostrophe}re| is| are| was| were)|i${apostrophe}?m|i am|turn(?:s|ed|ing)|barely|not even)` +
      `\\s+(?:(?:only|just|barely|like)\\s+)*${few}${countsNothing}`,
    `(?:girl|boy|female|male)(?:,| of| aged)*\\s+${few}(?:${countsNothing}|\\s+(?:summers|winters))`,
    `(?:under|below|younger than|not|not yet|not even)[\\s-]+(?:the age of )?18s?${countsNothing}`,
    `(?:under|below|younger than)[\\s-]+(?:the age of )?${few}s?${countsNothing}`,
    ...['sweet 16', 'born (?:in )?20(?:09|[1-9]\\d)'],
  ]),
  // Languages in which nobody says that years are old.
  new RegExp(
    `${few}[\\s-]*(?:(?:ans|a[nñ](?:it)?os|anni|jahre|jaar|tahun|tuoi|yasinda)${end}|jahrig|jarig|лет|год)`,
    'u',
  ),
  new RegExp(`${few}\\s*(?:歳|才|岁|歲|세|살|سنة|سنوات|عام|साल|वर्ष|ปี)`, 'u'),
  wordsWith(
    [
      'niñ[ao] enfant fillette ecolier lyceen collegien mineure crianca menin[ao] menor(?:es)?\\sde\\s(?:edad|idade) colegial',
      'bambin[aoie] ragazzin minorenn kleinkind schulkind schulmad madchen schulerin minderjahrig jugendlich',
      'ребен ребён девоч девчон мальчи подрост школьни малолет несовершеннолет',
    ].flatMap((line) => line.split(' ')),
  ),
  new RegExp(
    [
      'طفل مراهق قاصر बच्च किशोर नाबालिग 어린이 청소년 미성년 소녀 소년 초등 중학 고등학 여고생 子供 子ども こども 孩 儿童 兒童 少女 少年 未成年',
      '小学 小學 中学 中學 高校 女子高 女子中 高中 初中 ロリ 幼女 幼児 萝莉 蘿莉 正太 👶 👧 👦 🧒',
    ]
      .join(' ')
      .replaceAll(' ', '|'),
    'u',
  ),
];

/** Words that are found with spaces in any place, since no others run together to them. */
const wordsHoweverSpaced = /toddler|schoolgirl|prepubescen|jailbait|lolicon/u;

/** What says childhood where an age is asked for and no number is said. */
const youthfulWords = wordsWith(['girl', 'boy', 'youth', 'school', 'pupil', 'minor', 'month', 'dozen', 'grade']);
