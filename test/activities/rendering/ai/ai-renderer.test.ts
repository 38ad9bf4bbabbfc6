import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { aiRenderer } from '../../../../activities/rendering/ai/ai-renderer.ts';
import type { ImageModel, ImageOrder } from '../../../../activities/rendering/ai/image-model.ts';
import { promptOf } from '../../../../activities/rendering/ai/prompt.ts';
import { RenderError, type Description } from '../../../../activities/rendering/renderer.ts';
import { shots } from '../../../../src/domain/shots.ts';
import { phonePhoto, plain } from '../../../support/uploads.ts';

const square = (edge = 1024, background = '#336699'): Sharp => plain(edge, edge, background);
const noise = (): Sharp =>
  sharp({
    create: {
      width: 1024,
      height: 1024,
      channels: 3,
      background: '#fff',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });

/** A model that hands in what it is given, and keeps what it was asked for. */
function modelOf(make: () => Promise<Uint8Array>, maxReferences = 3): ImageModel & { orders: ImageOrder[] } {
  const orders: ImageOrder[] = [];
  return {
    name: 'tests/<model>',
    maxReferences,
    orders,
    generate: (order) => {
      orders.push(order);
      return make();
    },
  };
}

const description: Description = {
  identity: { gender: 'female', ageRange: '25-34', vibe: 'warm' },
  shot: 'portrait',
  seed: 'a seed',
  references: [],
};
const { signal } = new AbortController();
const draw = (make: () => Promise<Uint8Array>) => aiRenderer(modelOf(make)).render(description, signal);

const colorOf = async (bytes: Uint8Array): Promise<number[]> => {
  const { channels } = await sharp(bytes).stats();
  return channels.map(({ mean }) => Math.round(mean));
};
const assertNear = (color: readonly number[], expected: readonly number[]): void => {
  assert.equal(color.length, expected.length);
  color.forEach((value, index) => {
    assert.ok(Math.abs(value - (expected[index] ?? 0)) <= 10, `${String(color)} for ${String(expected)}`);
  });
};

describe('the AI renderer', () => {
  describe('makes an opaque sRGB WebP of 1024 px', () => {
    const blue = [0x33, 0x66, 0x99];
    const kinds: readonly (readonly [what: string, make: () => Promise<Uint8Array>, color: readonly number[]])[] = [
      ['a JPEG', () => square().jpeg().toBuffer(), blue],
      ['a PNG', () => square().png().toBuffer(), blue],
      ['a WebP', () => square().webp().toBuffer(), blue],
      ['a larger picture', () => square(2048).png().toBuffer(), blue],
      ['a picture that is not quite square', () => plain(1040, 1024).png().toBuffer(), blue],
      ['16 bits a channel', () => square().toColourspace('rgb16').png().toBuffer(), blue],
      ['a palette', () => square().png({ palette: true }).toBuffer(), blue],
      ['an interlaced PNG', () => square().png({ progressive: true }).toBuffer(), blue],
      ['shades of gray', () => square(1024, '#808080').toColourspace('b-w').png().toBuffer(), [128, 128, 128]],
      ['CMYK', () => square(1024, '#a08060').toColourspace('cmyk').jpeg().toBuffer(), [0xa0, 0x80, 0x60]],
      ['Display P3', () => square(1024, '#cc2222').withIccProfile('p3').png().toBuffer(), [0xcc, 0x22, 0x22]],
      [
        'transparency',
        () =>
          sharp({ create: { width: 1024, height: 1024, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } })
            .png()
            .toBuffer(),
        [255, 127, 127],
      ],
      [
        'an animation, of which it takes the first frame',
        async () =>
          sharp([await square().png().toBuffer(), await square(1024, '#ff0000').png().toBuffer()], {
            join: { animated: true },
          })
            .webp()
            .toBuffer(),
        blue,
      ],
    ];
    for (const [what, make, color] of kinds) {
      it(`of ${what}`, async () => {
        const { bytes, mimeType, width, height } = await draw(make);
        const read = await sharp(bytes).metadata();
        assert.deepEqual([mimeType, width, height], ['image/webp', 1024, 1024]);
        assert.deepEqual([read.format, read.width, read.height, read.pages], ['webp', 1024, 1024, undefined]);
        assert.deepEqual([read.space, read.channels, read.depth, read.hasAlpha], ['srgb', 3, 'uchar', false]);
        assertNear(await colorOf(bytes), color);
      });
    }
  });

  it('takes over pixels, turned upright, and nothing else of the file', async () => {
    const lying = await sharp(await phonePhoto(), { autoOrient: false })
      .resize(1040, 1024, { fit: 'fill' })
      .keepMetadata()
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- where it was taken --></x:xmpmeta>')
      .jpeg()
      .toBuffer();
    assert.ok(lying.includes('Phone of the tests') && lying.includes('where it was taken'));

    const { bytes } = await draw(() => Promise.resolve(lying));
    const { exif, icc, iptc, orientation } = await sharp(bytes).metadata();
    assert.deepEqual([exif, icc, iptc, orientation], [undefined, undefined, undefined, undefined]);
    assert.ok(!Buffer.from(bytes).includes('Phone of the tests'));
    assert.ok(!Buffer.from(bytes).includes('where it was taken'));
    const right = await sharp(bytes).extract({ left: 700, top: 0, width: 200, height: 1024 }).toBuffer();
    assertNear(await colorOf(right), [254, 0, 0]); // what is up in the file is right when it is turned
  });

  it('says in XMP that a trained model made it, with which model, seed and hash of the prompt, and nothing of the person', async () => {
    const { bytes, provenance } = await draw(() => square().png().toBuffer());
    const xmp = (await sharp(bytes).metadata()).xmpAsString ?? '';
    // librsvg reads it as XML, and refuses what is not well-formed.
    const wellFormed = (text: string) =>
      sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">${text}</svg>`)).metadata();
    await wellFormed(xmp);
    await assert.rejects(wellFormed(xmp.replace('</rdf:RDF>', '')));

    const attributes = Object.fromEntries(
      [...xmp.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, name = '', value]) => [name, value]),
    );
    const ext = 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/';
    assert.equal(attributes['xmlns:Iptc4xmpExt'], ext);
    assert.equal(
      attributes['Iptc4xmpExt:DigitalSourceType'],
      'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
    );
    assert.equal(attributes['Iptc4xmpExt:AISystemUsed'], 'tests/&lt;model&gt;');
    assert.equal(attributes['Iptc4xmpExt:AIPromptInformation'], `SHA-256 ${String(provenance.promptSha256)}`);
    assert.match(xmp, new RegExp(`<dc:source>renderer=ai; version=1; seed=${provenance.seed}</dc:source>`));
    assert.doesNotMatch(xmp, /warm|woman|Avataaars|dc:rights|Date/);
  });

  it('gives as provenance what was sent: the model, the seed, and the hash of that prompt', async () => {
    const model = modelOf(() => square().png().toBuffer());
    const { provenance } = await aiRenderer(model).render(description, signal);
    const [order] = model.orders;
    assert.equal(order?.prompt, promptOf({ ...description, references: 0 }));
    assert.deepEqual(provenance, {
      renderer: 'ai',
      version: '1',
      seed: String(order.seed),
      model: 'tests/<model>',
      promptSha256: createHash('sha256').update(order.prompt).digest('hex'),
    });
  });

  it('asks for all shots of a person with one seed of 31 bits, and for another person with another', async () => {
    const model = modelOf(() => square().png().toBuffer());
    for (const shot of shots) await aiRenderer(model).render({ ...description, shot }, signal);
    for (const seed of ['1', '2', '3', '4', '5', '6']) await aiRenderer(model).render({ ...description, seed }, signal);
    const seeds = model.orders.map(({ seed }) => seed);
    assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31));
    assert.equal(new Set(seeds.slice(0, shots.length)).size, 1);
    assert.equal(new Set(seeds).size, 7);
  });

  describe('refuses as unusable', () => {
    const half = (bytes: Buffer): Uint8Array => bytes.subarray(0, bytes.length / 2);
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1024"><rect width="9" height="9"/></svg>';
    const refusals: readonly (readonly [what: string, make: () => Promise<Uint8Array>, message: RegExp])[] = [
      ['nothing', () => Promise.resolve(Buffer.alloc(0)), /no PNG, JPEG or WebP/],
      ['garbage', () => Promise.resolve(Buffer.from('{"error":"try again"}')), /no PNG, JPEG or WebP/],
      ['SVG', () => Promise.resolve(Buffer.from(svg)), /no PNG, JPEG or WebP/],
      ['a GIF', () => square().gif().toBuffer(), /no PNG, JPEG or WebP/],
      ['half a JPEG', async () => half(await noise().jpeg().toBuffer()), /damaged or incomplete/],
      ['half a PNG', async () => half(await noise().png().toBuffer()), /damaged or incomplete/],
      ['half a WebP', async () => half(await noise().webp().toBuffer()), /damaged or incomplete/],
      ['a picture that is too small', () => square(1023).png().toBuffer(), /it is a 1023 × 1023 png/],
      ['a picture that is not square', () => plain(512, 768).png().toBuffer(), /it is a 512 × 768 png/],
      ['a large one that is not square', () => plain(1536, 1024).jpeg().toBuffer(), /it is a 1536 × 1024 jpeg/],
      ['one edge 2.5 % longer', () => plain(1024, 1050).png().toBuffer(), /it is a 1024 × 1050 png/],
      ['a bomb, whose pixels it does not decode', () => Promise.resolve(bomb(30_000)), /at most 40 megapixels/],
    ];
    for (const [what, make, message] of refusals) {
      it(what, async () => {
        await assert.rejects(draw(make), (error) => {
          assert.ok(error instanceof RenderError);
          assert.equal(error.fault, 'unusable');
          assert.match(error.message, message);
          return true;
        });
      });
    }
  });

  describe('shows the model pictures of the person', () => {
    const sent = async (references: Uint8Array[], maxReferences: number): Promise<ImageOrder> => {
      const model = modelOf(() => square().png().toBuffer(), maxReferences);
      await aiRenderer(model).render({ ...description, references }, signal);
      return model.orders[0] ?? assert.fail('no order');
    };

    it('as many as it takes, the most telling first, and says in the prompt how many', async () => {
      const references = await Promise.all(
        ['#ff0000', '#00ff00', '#0000ff'].map((color) => square(64, color).webp().toBuffer()),
      );
      const order = await sent(references, 2);
      assert.equal(order.references.length, 2);
      assertNear(await colorOf(order.references[0] ?? Buffer.of()), [255, 0, 0]);
      assertNear(await colorOf(order.references[1] ?? Buffer.of()), [0, 255, 0]);
      assert.match(order.prompt, /The 2 attached pictures/);
      assert.equal(order.prompt, promptOf({ ...description, references: 2 }));
      assert.deepEqual((await sent(references, 0)).references, []);
    });

    it('as opaque JPEGs of at most 1024 px, upright and without metadata', async () => {
      const large = await plain(6000, 3000).png().toBuffer();
      const clear = await sharp({
        create: { width: 90, height: 60, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
      })
        .webp()
        .toBuffer();
      const { references } = await sent([large, await phonePhoto(), clear], 3);
      const read = await Promise.all(references.map((bytes) => sharp(bytes).metadata()));
      assert.deepEqual(
        read.map(({ format, width, height }) => [format, width, height]),
        [
          ['jpeg', 1024, 512],
          ['jpeg', 40, 60],
          ['jpeg', 90, 60],
        ],
      );
      for (const { exif, xmp, icc } of read) assert.deepEqual([exif, xmp, icc], [undefined, undefined, undefined]);
      assertNear(await colorOf(references[2] ?? Buffer.of()), [255, 255, 255]);
    });

    it('and draws nothing when one that is stored does not open', async () => {
      const model = modelOf(() => square().png().toBuffer());
      await assert.rejects(
        aiRenderer(model).render({ ...description, references: [Buffer.from('damaged')] }, signal),
        /stored reference/,
      );
      assert.deepEqual(model.orders, []);
    });
  });

  it('says that it is about to pay once it has the pictures, and asks for nothing when it may not', async () => {
    const damaged = { ...description, references: [Buffer.from('damaged')] };
    const said: string[] = [];
    const model = modelOf(async () => {
      said.push('asked');
      return square().png().toBuffer();
    });
    const beforePaying = () => {
      said.push('about to pay');
      return Promise.resolve();
    };
    await assert.rejects(aiRenderer(model).render(damaged, signal, beforePaying));
    assert.deepEqual(said, []);
    await aiRenderer(model).render(description, signal, beforePaying);
    assert.deepEqual(said.splice(0), ['about to pay', 'asked']);
    const refused = new Error('a limit');
    await assert.rejects(
      aiRenderer(model).render(description, signal, () => Promise.reject(refused)),
      (reason) => reason === refused,
    );
    assert.deepEqual(said, []);
  });

  it('takes as many pictures as its model, and passes the model’s errors on', async () => {
    const error = new RenderError('busy', 'too many', { retryAfterMs: 7 });
    const renderer = aiRenderer(modelOf(() => Promise.reject(error), 5));
    assert.deepEqual([renderer.name, renderer.maxReferences], ['ai', 5]);
    await assert.rejects(renderer.render(description, signal), (reason) => reason === error);
  });

  it('asks for nothing once it is cancelled, hands the signal on, and throws its reason', async () => {
    const reason = new Error('no longer wanted');
    const picture = await square().png().toBuffer();
    const model = modelOf(() => Promise.resolve(picture));
    const gone = AbortSignal.abort(reason);
    await assert.rejects(
      aiRenderer(model).render({ ...description, references: [picture] }, gone),
      (error) => error === reason,
    );
    assert.deepEqual(model.orders, []);

    const controller = new AbortController();
    const given: AbortSignal[] = [];
    const slow: ImageModel = {
      ...model,
      generate: (_, itsSignal) => {
        given.push(itsSignal);
        controller.abort(reason);
        return Promise.resolve(picture);
      },
    };
    await assert.rejects(aiRenderer(slow).render(description, controller.signal), (error) => error === reason);
    assert.deepEqual(given, [controller.signal]);
  });

  it('leaves the event loop to others while it decodes and encodes', async () => {
    const picture = await noise().resize(2048, 2048).png().toBuffer();
    let turns = 0;
    let isDrawn = false;
    const turn = (): void => {
      turns++;
      if (!isDrawn) setImmediate(turn);
    };
    turn();
    await aiRenderer(modelOf(() => Promise.resolve(picture))).render({ ...description, references: [picture] }, signal);
    isDrawn = true;
    assert.ok(turns > 100, String(turns));
  });
});

/** A PNG of a few bytes whose header says that it is this wide and this high. */
function bomb(edge: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, checksum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(edge, 0);
  header.writeUInt32BE(edge, 4);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(8)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
