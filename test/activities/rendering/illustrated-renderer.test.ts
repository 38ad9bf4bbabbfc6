import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sharp from 'sharp';
import { avatarOf } from '../../../activities/rendering/illustrated/avatar.ts';
import { illustratedRenderer } from '../../../activities/rendering/illustrated/illustrated-renderer.ts';
import { pictureOf } from '../../../activities/rendering/illustrated/picture.ts';
import { genders, type Identity } from '../../../src/domain/influencer.ts';
import { imageSize, shots } from '../../../src/domain/shots.ts';

const identity: Identity = { gender: 'female', ethnicity: 'Latina', hairColor: 'auburn', style: 'streetwear' };
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const draw = (shot: (typeof shots)[number], seed = 'a seed', who = identity) =>
  illustratedRenderer.render({ identity: who, shot, seed, references: [] }, new AbortController().signal);

describe('the illustrated renderer', () => {
  it('draws every shot as an opaque 1024 px WebP, and no two alike', async () => {
    const seen = new Set<string>();
    for (const shot of shots) {
      const { bytes, mimeType, width, height } = await draw(shot);
      const read = await sharp(bytes).metadata();
      assert.deepEqual([read.format, read.width, read.height, read.hasAlpha], ['webp', imageSize, imageSize, false]);
      assert.deepEqual([mimeType, width, height], ['image/webp', imageSize, imageSize]);
      seen.add(sha256(bytes));
    }
    assert.equal(seen.size, shots.length);
  });

  it('gives equal bytes for equal descriptions, in another process too', async () => {
    const here = await draw('half_length');
    assert.equal(sha256((await draw('half_length')).bytes), sha256(here.bytes));
    const module = new URL('../../../activities/rendering/illustrated/illustrated-renderer.ts', import.meta.url);
    const script = `
      const { illustratedRenderer } = await import(${JSON.stringify(module.href)});
      const { bytes } = await illustratedRenderer.render(
        ${JSON.stringify({ identity, shot: 'half_length', seed: 'a seed', references: [] })}, new AbortController().signal);
      process.stdout.write(Buffer.from(bytes).toString('base64'));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx/esm', '--input-type=module', '--eval', script],
      { maxBuffer: 8 * 1024 * 1024 },
    );
    assert.equal(sha256(Buffer.from(stdout, 'base64')), sha256(here.bytes));
  });

  it('gives other seeds other people', async () => {
    const drawn = await Promise.all(['1', '2', '3', '4'].map((seed) => draw('portrait', seed)));
    assert.equal(new Set(drawn.map(({ bytes }) => sha256(bytes))).size, 4);
  });

  it('says in XMP that an algorithm drew it, with which version and seed, and nothing that changes with time', async () => {
    const { bytes, provenance } = await draw('portrait', 'seed <&"\'> \u0001\uD800 Ω');
    assert.deepEqual(provenance, {
      renderer: 'illustrated',
      version: illustratedRenderer.version,
      seed: 'seed <&"\'> \u0001\uD800 Ω',
    });
    const xmp = (await sharp(bytes).metadata()).xmpAsString ?? '';
    assert.match(xmp, /digitalsourcetype\/algorithmicMedia/);
    assert.match(xmp, /seed=seed &lt;&amp;&quot;&apos;&gt; \uFFFD\uFFFD Ω</);
    assert.doesNotMatch(xmp, /Date|\d{4}-\d\d-\d\dT/);
  });

  it('draws nothing once it is cancelled, and throws the reason', async () => {
    const reason = new Error('no longer wanted');
    const gone = AbortSignal.abort(reason);
    const description = { identity, shot: 'portrait', seed: 's', references: [] } as const;
    await assert.rejects(illustratedRenderer.render(description, gone), reason);

    const controller = new AbortController();
    const drawing = illustratedRenderer.render(description, controller.signal);
    controller.abort(reason);
    await assert.rejects(drawing, reason);
  });
});

describe('pictureOf', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '</svg><script>',
      '" onload="x',
      '&amp;',
      'bald turban',
      'no glasses',
      '999',
      '60s',
      'curly bob hijab',
    ),
  );
  const anyIdentity: fc.Arbitrary<Identity> = fc.record(
    {
      gender: fc.constantFrom(...genders),
      ageRange: text,
      ethnicity: text,
      bodyType: text,
      hairColor: text,
      hairStyle: text,
      style: text,
      vibe: text,
      personality: fc.record({ traits: fc.array(text, { maxLength: 4 }), tone: text }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  );

  it('draws any identity, and none of its words gets into the drawing', () => {
    fc.assert(
      fc.property(anyIdentity, fc.string({ unit: 'binary' }), fc.constantFrom(...shots), (who, seed, shot) => {
        const svg = pictureOf(avatarOf(who, seed, shot));
        assert.doesNotMatch(svg, /script|onload|undefined|NaN|\[object/);
        assert.match(svg, /^<svg [^>]*>.*<\/svg>$/);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the face of a person through all shots', () => {
    for (const seed of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      const [first, ...others] = shots.map((shot) => avatarOf({ vibe: 'witty' }, seed, shot));
      for (const { options, skin, hairColor, build } of others) {
        assert.deepEqual([skin, hairColor, build], [first?.skin, first?.hairColor, first?.build]);
        for (const feature of [
          'top',
          'eyebrows',
          'facialHair',
          'facialHairProbability',
          'accessories',
          'accessoriesProbability',
        ] as const) {
          assert.deepEqual(options[feature], first?.options[feature], feature);
        }
      }
    }
  });

  it('draws streaks, braids below a hat and a covering without earrings where the words say so', () => {
    const drawn = (who: Identity): string => pictureOf(avatarOf(who, 'seed', 'portrait'));
    const hair: Identity = { hairStyle: 'bob', hairColor: 'black' };
    assert.doesNotMatch(drawn(hair), /url\(#streaks\)/);
    assert.match(drawn({ ...hair, hairColor: 'black with pink streaks' }), /url\(#streaks\)/);
    assert.equal(avatarOf({ hairStyle: 'two braids', style: 'straw hat' }, 'seed', 'portrait').tail, 'braids');
    for (const seed of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      assert.equal(avatarOf({ gender: 'female', hairStyle: 'hijab' }, seed, 'portrait').earrings, false);
    }
  });

  it('keeps every picture while the version stays: a change here needs another version', () => {
    const pictures = shots.flatMap((shot) => ['1', '2', '3'].map((seed) => pictureOf(avatarOf({}, seed, shot))));
    const known: Readonly<Record<string, string>> = {
      2: '767dbf5d949c78f503550bf59675661b267d7ae54a8a778cef22a9ae120b8e1c',
    };
    assert.equal(sha256(pictures.join()), known[illustratedRenderer.version]);
  });

  it('leaves the art nothing to choose', () => {
    const { options } = avatarOf(identity, 'seed', 'portrait');
    for (const [option, value] of Object.entries(options)) {
      if (Array.isArray(value)) assert.equal(value.length, 1, option);
      else assert.ok(value === 0 || value === 100, option);
    }
  });
});
