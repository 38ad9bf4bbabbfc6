import assert from 'node:assert/strict';
import { adultAgesIn, saysUnderAge, speaksOfChild } from '../../../../activities/rendering/ai/under-age.ts';

const titled = (text: string): string => JSON.stringify(text);

describe('speaksOfChild', () => {
  const spoken: Readonly<Record<string, readonly string[]>> = {
    'an age': [
      ...[
        '14-year-old schoolgirl, looks 12',
        '14 year old',
        '14yo',
        '14 y/o',
        '14 y.o.',
        '12 yrs old',
        '17 years of age',
        '017 years old',
      ],
      ...[
        '12.5 years old',
        '12–14 years old',
        'a 3-year-old',
        '18 months old',
        'one year old',
        'looks 12',
        'LOOKS LIKE 12',
        'looks like a 9',
      ],
      ...[
        'looking about 15',
        'appears to be 16',
        'could be 13',
        'passes for 14',
        'acts like she is 5',
        'aged 12',
        'age: 12',
        'age 9',
        "she's 15",
      ],
      ...[
        'he is 11 and shy',
        "I'm 13",
        'just turned 14',
        'barely 14',
        'under 18',
        'not yet 18',
        'under-18s',
        'looks under 16',
        '14/f',
      ],
      ...[
        '13 girl',
        'looks 12-ish',
        'born in 2014',
        'year 9 student',
        '14',
        '14 years',
        'tiny, 4 years',
        'girl, 12',
        'a girl of 12',
        'as if she were 12',
        'sweet 16',
      ],
    ],
    'an age in words': [
      ...[
        'fourteen-year-old',
        'looks twelve',
        'aged thirteen',
        'sweet sixteen',
        'seven years old',
        'fourteenyearold',
        'XIV years old',
      ],
      ...['looks XII', 'eighth grade', '8th-grader', 'a sixth former', 'in grade 7'],
    ],
    'a word': [
      ...[
        'child',
        'Children',
        'childlike body',
        'kid',
        'cool kids',
        'kiddo',
        'teen',
        'TEENS',
        'teenage',
        'pre-teen',
        'preteen',
        'tween',
      ],
      ...[
        'minor',
        'a minor',
        'minors',
        'a minor with braids',
        'toddler',
        'infant',
        'newborn',
        'underage',
        'under-age',
        'under aged',
      ],
      ...[
        'prepubescent',
        'puberty',
        'adolescent',
        'juvenile',
        'loli',
        'lolita',
        'lolicon',
        'shota',
        'jailbait',
        'barely legal',
      ],
      ...[
        'pigtails of a little girl',
        'little blonde girl',
        'young boy',
        'tiny girls',
        'schoolgirl',
        'school girl',
        'schoolboy',
      ],
      ...[
        'school uniform',
        'high school student',
        'middle schooler',
        'preschooler',
        'kindergartner',
        'baby face',
        'a baby',
        'youngster',
      ],
      ...['not an adult', 'not yet an adult', 'boyhood', '👧', '👶🏽', 'mother of two, looks 12', 'kid gloves on a kid'],
    ],
    'another language or script': [
      ...[
        '１４ years old',
        '١٤ years old',
        '१४ years old',
        '⑭ years old',
        '𝟏𝟒yo',
        '14歳',
        '十四岁',
        '14살',
        '14 лет',
        '14-jährige',
      ],
      ...[
        '14 años',
        'catorce años',
        'quatorze ans',
        'zwölf Jahre',
        'двенадцать лет',
        'niña',
        'nin\u0303o',
        'enfant',
        'Mädchen',
        'bambina',
      ],
      ...[
        'minderjährig',
        'menor de edad',
        'criança',
        'ребёнок',
        'девочка',
        'подросток',
        'طفلة',
        'बच्चा',
        '어린이',
        '여고생',
        '女子高生',
      ],
      ...['子ども', '小女孩', '未成年', 'ロリ'],
    ],
    'letters that hide it': [
      ...[
        'te\u200Ben',
        'te\u00ADen',
        'c\u0338hild',
        'ｔｅｅｎ',
        '𝓽𝓮𝓮𝓷',
        'tееn',
        'сhіld',
        'κid',
        'ᴛᴇᴇɴ',
        '†een',
        '🅃🄴🄴🄽',
        '🆃🅴🅴🅽',
        '🇹🇪🇪🇳',
      ],
      ...[
        't e e n',
        't.e.e.n',
        'c-h-i-l-d',
        's i x t e e n years old',
        '1 4 years old',
        'te.en',
        'chi*ld',
        'schoolg irl',
        't33n',
        'ch1ld',
        'l0li',
        'l01i',
      ],
      ...['k!d', 'un\u2060der\u00ADage', 'looks\u00A0\u200312', 'looks 1\u200B2'],
    ],
  };
  for (const [kind, texts] of Object.entries(spoken)) {
    describe(`is true of ${kind}:`, () => {
      for (const text of texts)
        it(titled(text), () => {
          assert.equal(speaksOfChild(text), true);
        });
    });
  }

  const kept = [
    ...[
      '',
      'athletic',
      'Korean-Brazilian',
      'мягкая, спокойная',
      '思いやりがある',
      'مغربية',
      '25 years old',
      '25.5 years old',
      'looks 25',
      'aged 40',
    ],
    ...[
      '114 years old',
      'mother of two',
      'mother of two kids',
      'father of 3 small children',
      '5 cats',
      '16 tattoos',
      '10 years of experience',
    ],
    ...[
      'size 8',
      "5'9",
      "I'm 5'9",
      'looks 5 feet tall',
      'looks 10 years younger',
      'looks like one of the boys',
      'a perfect 10',
      'she is 5 cm taller',
    ],
    ...[
      'Louis XIV style',
      'seize the day',
      'in the year 2012',
      'kid gloves',
      'kidding',
      'kidney',
      'minor scar',
      'a minor celebrity',
      'in A minor',
    ],
    ...[
      'sonata in C minor',
      'minority rights',
      'baby blue',
      'baby bangs',
      'babylights',
      'Babylon',
      'old school',
      'art school',
      'schooled in irony',
    ],
    ...[
      'primary school teacher',
      'high-school counselor',
      "children's book author",
      'child-free',
      'girl next door',
      'girl boss',
      'boyish',
      'boyfriend',
    ],
    ...[
      'cowboy hat',
      'young woman',
      'youthful',
      'young at heart',
      'nineteen',
      'canteen',
      'velveteen',
      'between',
      'teeny earrings',
      'infantry jacket',
    ],
    ...[
      'Nina Simone',
      'second-hand',
      'F-14 pilot',
      '4k',
      'thirteen tattoos',
      'undergraduate',
      'lollipop red',
      'enfant terrible',
      'not 5 but 6 rings',
    ],
    ...[
      'twenty-one years old',
      'looks thirty five',
      'one of a kind',
      'look like one team',
      'pedometer',
      'Ренессанс',
      'τέχνη',
    ],
  ];
  describe('is false of', () => {
    for (const text of kept)
      it(titled(text), () => {
        assert.equal(speaksOfChild(text), false);
      });
  });

  it('is quick with the longest texts that are hard to read', () => {
    for (const piece of [
      'a ',
      '1 ',
      'look like ',
      'age of ',
      'young ',
      'te.',
      '1',
      '十',
      'mother of a ',
      'kid ',
      'looks ~ ',
      'k1!',
    ]) {
      const started = performance.now();
      speaksOfChild(piece.repeat(2_000).slice(0, 2_000));
      assert.ok(performance.now() - started < 1_000, piece);
    }
  });
});

describe('saysUnderAge', () => {
  const underAge = [
    ...[
      '16',
      '0',
      '17',
      '17-19',
      '14–16',
      '14 to 30',
      '17.5',
      '0016',
      '16yo',
      'over 12',
      '<10',
      '10s',
      '5 months',
      '18 months',
    ],
    ...[
      'teen',
      'Teenager',
      'pre-teen',
      'preteen',
      'late teens',
      'toddler',
      'child',
      'children',
      'kid',
      'a minor',
      'underage',
    ],
    ...[
      'twelve',
      'sixteen',
      'sixteen-year-old',
      'Seventeen',
      'one year old',
      'high schooler',
      'schoolgirl',
      'baby',
      'boy',
      'girl',
    ],
    ...['１６', '١٦', '१६', '১৭', '𝟏𝟔', 'adolescente', 'niña', 'подросток', '女孩', '未成年', '子ども', 'bébé 1'],
    ...[
      'XVI',
      'Ⅻ',
      'quince años',
      'treize',
      'zwölf',
      'dieciséis',
      '十二歳',
      'шестнадцать',
      'eighth grade',
      'sixth form',
      'puberty',
    ],
    ...['s i x t e e n', 't.w.e.l.v.e', 'tееn', 'sixtеen', 'ᴛᴇᴇɴ', '🧒', 'new born', 'a dozen years'],
    ...['25, looks 16', '20, a teen', '30 (child)', '25, looks twelve'],
    ...['2012', '900'],
  ];
  describe('is true of', () => {
    for (const said of underAge)
      it(titled(said), () => {
        assert.equal(saysUnderAge(said), true);
      });
  });

  const grownUp = [
    ...[
      '',
      'ageless',
      '18',
      '18+',
      '25-34',
      '60s',
      'mid 30s',
      '99',
      '<25',
      'young adult',
      'eighteen',
      'nineteen',
      'one hundred',
    ],
    ...[
      'twenty-one',
      'thirty five',
      'elderly',
      'middle aged',
      'gen z',
      'college student',
      '٢٥-٣٤',
      'around forty',
      '120',
    ],
    ...[
      '30s, mother of two',
      '30, mother of 2',
      '25 (one of a kind)',
      'old school 40',
      'mid thirties, minor celebrity',
      '25 year old girl',
    ],
  ];
  describe('is false of', () => {
    for (const said of grownUp)
      it(titled(said), () => {
        assert.equal(saysUnderAge(said), false);
      });
  });
});

describe('adultAgesIn', () => {
  const read: readonly (readonly [age: string, ages: readonly [number, number] | undefined])[] = [
    ['25-34', [25, 34]],
    ['30s, mother of two', [30, 39]],
    ['30, mother of 2', [30, 30]],
    ['25 (one of a kind)', [25, 25]],
    ['old school 40', [40, 40]],
    ['mid thirties', [34, 36]],
    ['thirty five', [35, 35]],
    ['twenty-something', [20, 29]],
    ['eighteen', [18, 18]],
    ['one hundred', [99, 99]],
    ['young adult', [20, 29]],
    ['٣٥-٤٤', [35, 44]],
    ['XVI', [18, 18]],
    ['ageless', undefined],
    ['quinceañera', undefined],
    ['', undefined],
  ];
  for (const [age, ages] of read) {
    it(`reads ${titled(age)} as ${String(ages)}`, () => {
      assert.deepEqual(adultAgesIn(age), ages);
    });
  }
});
