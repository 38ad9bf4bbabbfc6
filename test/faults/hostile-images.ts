// Forty files that call themselves pictures, and are none: each is refused, and nothing of it stays.

import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { plain } from '../support/uploads.ts';

export interface HostileImage {
  what: string;
  mimeType: 'image/png' | 'image/jpeg' | 'image/webp';
  bytes: Buffer;
}

export async function hostileImages(): Promise<readonly HostileImage[]> {
  const [png, jpeg, webp] = await Promise.all([
    plain(300, 200).png().toBuffer(),
    noise().jpeg().toBuffer(),
    noise().webp().toBuffer(),
  ]);
  const images: HostileImage[] = [];
  const add = (what: string, mimeType: HostileImage['mimeType'], bytes: Buffer) =>
    images.push({ what, mimeType, bytes });
  const whole = { 'image/png': await noise().png().toBuffer(), 'image/jpeg': jpeg, 'image/webp': webp } as const;

  for (const [mimeType, bytes] of Object.entries(whole) as [HostileImage['mimeType'], Buffer][]) {
    for (const share of [0.02, 0.3, 0.7]) {
      add(
        `a picture of which ${String(share * 100)} % came`,
        mimeType,
        bytes.subarray(0, Math.ceil(bytes.length * share)),
      );
    }
    add('nothing but its first four bytes', mimeType, bytes.subarray(0, 4));
    add('its head, then zeros', mimeType, Buffer.concat([bytes.subarray(0, 60), Buffer.alloc(4_000)]));
  }
  add('the head of a JPEG before a PNG', 'image/jpeg', Buffer.concat([jpeg.subarray(0, 20), png]));
  add('the head of a PNG before a WebP', 'image/png', Buffer.concat([png.subarray(0, 8), webp]));
  add('the head of a WebP before a JPEG', 'image/webp', Buffer.concat([webp.subarray(0, 12), jpeg]));
  add('a GIF', 'image/png', await plain().gif().toBuffer());
  add('a TIFF', 'image/jpeg', await plain().tiff().toBuffer());
  add('an AVIF', 'image/webp', await plain().avif().toBuffer());
  add('noise', 'image/png', Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 7_919) % 251)));
  for (const mimeType of Object.keys(whole) as HostileImage['mimeType'][]) {
    add('an SVG whose entities grow', mimeType, Buffer.from(growingSvg));
  }
  add('a page with a script', 'image/png', Buffer.from('<html><script>alert(1)</script></html>'));
  add('a PDF', 'image/jpeg', Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF'));
  add('a bitmap', 'image/png', Buffer.concat([Buffer.from('BM'), Buffer.alloc(500)]));
  add('the head of a HEIC', 'image/jpeg', Buffer.from('\0\0\0\u0018ftypheic\0\0\0\0mif1heic'));
  add('a text', 'image/webp', Buffer.from('once upon a time'));
  add('a zip archive', 'image/webp', Buffer.from('PK\u0003\u0004\u0014\0\0\0\b\0'));
  add('a program', 'image/png', Buffer.concat([Buffer.from('\u007fELF\u0002\u0001\u0001'), Buffer.alloc(500)]));
  add(
    'an ImageMagick script',
    'image/png',
    Buffer.from("push graphic-context\nfill 'url(https://example.com/|ls)'\npop"),
  );
  add('a PNG of four thousand million pixels', 'image/png', pngOf(65_535, 65_535));
  add('a PNG as wide as there are numbers', 'image/png', pngOf(2 ** 31 - 1, 1));
  add('a PNG of no pixels', 'image/png', pngOf(0, 0));
  add('a PNG of a colour type that there is not', 'image/png', pngOf(10, 10, 5));
  add('a PNG whose pixels grow a thousandfold', 'image/png', pngOf(20_000, 20_000, 0, Buffer.alloc(20_000_000)));
  add('a PNG without pixels', 'image/png', Buffer.concat([signature, chunk('IHDR', headOf(10, 10, 2)), chunk('IEND')]));
  const flipped = Buffer.from(png);
  flipped.writeUInt32BE(flipped.readUInt32BE(16) + 1, 16); // the width, and not its checksum
  add('a PNG whose checksum is another', 'image/png', flipped);
  if (images.length !== 40) throw new Error(`there are ${String(images.length)}`);
  return images;
}

const noise = () =>
  sharp({
    create: {
      width: 200,
      height: 200,
      channels: 3,
      background: '#000',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });

const growingSvg = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${Array.from(
  { length: 12 },
  (_, index) => `<!ENTITY ${'b'.repeat(index + 1)} "${`&${index === 0 ? 'a' : 'b'.repeat(index)};`.repeat(10)}">`,
).join('')}]><svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><text>&${'b'.repeat(12)};</text></svg>`;

const signature = Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1');

/** Of a PNG ([5.3](https://www.w3.org/TR/png-3/#5Chunk-layout)). */
function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

function headOf(width: number, height: number, colorType: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, colorType, 0, 0, 0], 8);
  return head;
}

const pngOf = (width: number, height: number, colorType = 2, pixels = Buffer.alloc(1_000)): Buffer =>
  Buffer.concat([
    signature,
    chunk('IHDR', headOf(width, height, colorType)),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND'),
  ]);
