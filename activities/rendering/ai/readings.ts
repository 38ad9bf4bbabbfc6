// Finds words that are written so that a table of words does not know them.
import { withPlainDigits } from '../age.ts';
import { onOneLine } from './quoted-text.ts';

/** Every way in which a text may be meant to be read, in small letters and with digits for numbers. */
export function readingsOf(text: string): string[] {
  const said = lettersWithoutMarks(text);
  const latin = said.replace(/\P{ASCII}/gu, (letter) => lookAlikes.get(letter) ?? letter);
  const joined = latin.replace(/(?<![\p{L}\d])[\p{L}\d](?:[^\p{L}\d]{1,3}[\p{L}\d](?![\p{L}\d]))+/gu, (spaced) =>
    spaced.replace(/[^\p{L}\d]/gu, ''),
  );
  const undotted = latin.replace(/(?<=\p{L})[^\p{L}\d\s]+(?=\p{L})/gu, '');
  const unmasked = ['i', 'l'].map((one) =>
    latin.replace(/[\p{L}\d@$!]+/gu, (word) =>
      /^\d+\p{L}*$/u.test(word) ? word : word.replace(/[0134578@$!]/g, (digit) => masks.get(digit) ?? one),
    ),
  );
  return [...new Set([plainLetters(text), said, latin, joined, undotted, ...unmasked])].map(inDigits);
}

/** Small letters on one line, with digits for those of other scripts and for numerals. */
const plainLetters = (text: string): string =>
  withPlainDigits(onOneLine(text))
    .replace(/[\u{1F150}-\u{1F169}\u{1F170}-\u{1F189}\u{1F1E6}-\u{1F1FF}]/gu, letterOnSign)
    .replace(/(?<![\p{L}\d])[IVX]{2,5}(?![\p{L}\d])/gu, (word) => {
      const number = romanNumbers.indexOf(word);
      return number < 0 ? word : String(number);
    })
    .replace(
      /(?<![一二三四五六七八九百千])(十?)([一二三四五六七八九]?)(?=[歳才岁歲])/gu,
      (number, ten: string, one: string) =>
        number === '' ? '' : String((ten === '' ? 0 : 10) + ideographs.indexOf(one)),
    )
    .toLowerCase();

export const lettersWithoutMarks = (text: string): string =>
  plainLetters(text).normalize('NFKD').replace(/\p{M}/gu, '');

/** Reads the letters of flags and filled boxes, which have no plainest form in Unicode. */
function letterOnSign(sign: string): string {
  const codePoint = sign.codePointAt(0) ?? 0;
  const ofA = [0x1f1e6, 0x1f170, 0x1f150].find((first) => first <= codePoint) ?? codePoint;
  return String.fromCodePoint(0x61 + codePoint - ofA);
}

const split = (words: string): string[] => words.split(' ');

/** A letter and those of other alphabets that look like it. */
const lookAlikes = new Map(
  [
    ...['aаαɑᴀ', 'bвβʙ', 'cсϲᴄ', 'dԁᴅđ', 'eеεєᴇ', 'fꜰ', 'gɡɢ', 'hһнʜ', 'iіιıɪ', 'jјᴊ', 'kкκᴋ', 'lӏʟł', 'mмᴍ', 'nпηɴ'],
    ...['oоοσᴏø', 'pрρᴘ', 'qԛ', 'rгʀ', 'sѕꜱ', 'tтτᴛ†', 'uυᴜ', 'vνᴠ', 'wԝωᴡ', 'xхχ', 'yуγʏ', 'zᴢ'],
  ].flatMap(([letter = '', ...others]) => others.map((other) => [other, letter] as const)),
);

/** What stands for a letter inside of a word, as in "t33n"; a 1 is an i or an l. */
const masks = new Map(Object.entries({ 0: 'o', 3: 'e', 4: 'a', 5: 's', 7: 't', 8: 'b', '@': 'a', $: 's', '!': 'i' }));

const ideographs = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const romanNumbers = split('- I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII');

const ones = split('one two three four five six seven eight nine');
const tens = split('twenty thirty forty fifty sixty seventy eighty ninety');
const belowTwenty = [
  ...['zero', ...ones, 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen'],
  ...['eighteen', 'nineteen'],
];
/** In Spanish, Portuguese, French, Italian, German, Dutch and Russian, without marks. */
const elsewhere: Readonly<Record<number, string>> = {
  12: 'doce doze douze dodici zwolf twaalf двенадцать',
  13: 'trece treze treize tredici dreizehn dertien тринадцать',
  14: 'catorce catorze quatorze quattordici vierzehn veertien четырнадцать',
  15: 'quince quinze quindici funfzehn vijftien пятнадцать',
  16: 'dieciseis dezesseis seize sedici sechzehn zestien шестнадцать',
  17: 'diecisiete dezessete dix-sept diciassette siebzehn zeventien семнадцать',
};
const numberWords = new Map<string, string>([
  ...belowTwenty.map((word, number) => [word, String(number)] as const),
  ...Object.entries(elsewhere).flatMap(([number, words]) => split(words).map((word) => [word, number] as const)),
]);

/** Years may be glued to their number, as in "fourteenyearold". */
const numberEnd = '(?:(?!\\p{L})|(?=ye?a?rs?|yo))';
const decade = new RegExp(
  `(?<!\\p{L})(${tens.map((ten) => ten.slice(0, -1)).join('|')})(?:ies|y[\\s-]?something)(?!\\p{L})`,
  'gu',
);
const compoundNumber = new RegExp(`(?<!\\p{L})(${tens.join('|')})(?:[\\s-]?(${ones.join('|')}))?${numberEnd}`, 'gu');
const simpleNumber = new RegExp(`(?<!\\p{L})(?:${[...numberWords.keys()].join('|')})${numberEnd}`, 'gu');
/** "One" is a number where it counts time, and mostly a pronoun elsewhere. */
const countedTime = /^[\s-]*(?:ye?a?r|yo|y\/o|month)/;

/** Writes numbers in words as digits. */
export const inDigits = (text: string): string =>
  text
    .replace(/(?<!\p{L})(?:one|a)[\s-]hundred(?!\p{L})/gu, '100')
    .replace(decade, (_, start: string) => `${String(tens.findIndex((ten) => ten.startsWith(start)) + 2)}0s`)
    .replace(compoundNumber, (_, ten: string, one?: string) =>
      String((tens.indexOf(ten) + 2) * 10 + (one === undefined ? 0 : ones.indexOf(one) + 1)),
    )
    .replace(simpleNumber, (word, position: number, all: string) =>
      word === 'one' && !countedTime.test(all.slice(position + word.length)) ? word : (numberWords.get(word) ?? word),
    );
