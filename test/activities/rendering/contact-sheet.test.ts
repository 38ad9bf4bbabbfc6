import assert from 'node:assert/strict';
import sharp from 'sharp';
import { contactSheet } from '../../../activities/rendering/contact-sheet.ts';
import { letteringOf } from '../../../activities/rendering/lettering.ts';

const square = (background: string) =>
  sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .webp()
    .toBuffer();

describe('contactSheet', () => {
  it('lays rows out below each other, as wide as the longest', async () => {
    const image = { bytes: await square('#c33'), caption: 'portrait' };
    const sizeOf = async (...counts: number[]) => {
      const rows = counts.map((count) => ({ title: 'Mia', images: Array.from({ length: count }, () => image) }));
      const { format, width, height } = await sharp(await contactSheet(rows)).metadata();
      assert.equal(format, 'png');
      return { width, height };
    };
    const [one, two] = [await sizeOf(6), await sizeOf(6, 2)];
    assert.equal(two.width, one.width);
    assert.ok(two.height > one.height * 1.7);
  });

  it('shows each picture where it belongs', async () => {
    const images = await Promise.all(
      ['#ff0000', '#0000ff'].map(async (color) => ({ bytes: await square(color), caption: color })),
    );
    const { data, info } = await sharp(await contactSheet([{ title: '', images }]))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const colorAt = (x: number, y: number): readonly number[] => {
      const start = (y * info.width + x) * info.channels;
      return [...data.subarray(start, start + 3)];
    };
    const middle = Math.round(info.height / 2);
    const [red = 0, , blue = 0] = colorAt(Math.round(info.width * 0.25), middle);
    assert.ok(red > 250 && blue < 5);
    const [otherRed = 0, , otherBlue = 0] = colorAt(Math.round(info.width * 0.75), middle);
    assert.ok(otherRed < 5 && otherBlue > 250);
  });
});

describe('letteringOf', () => {
  const line = { x: 0, y: 20, size: 20, color: '000000', maxWidth: 400 };
  const inkOf = async (svg: string): Promise<number> => {
    const page = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="30">${svg}</svg>`;
    const { channels } = await sharp(Buffer.from(page)).ensureAlpha().stats();
    return channels[3]?.mean ?? 0;
  };

  it('draws words without any font of the machine', async () => {
    const svg = letteringOf({ ...line, text: 'Mia Estévez → Zoë' });
    assert.doesNotMatch(svg, /<text|font/);
    assert.ok((await inkOf(svg)) > 5);
  });

  it('cuts what is too long, and says so', () => {
    const paths = (text: string): number => letteringOf({ ...line, text }).split('<path').length;
    assert.ok(paths('word '.repeat(100)) < 60);
    assert.equal(paths('word'), 5);
  });

  it('draws a box for what it has no outline of, and never writes the text itself', () => {
    const svg = letteringOf({ ...line, text: '</svg><script>日本' });
    assert.doesNotMatch(svg, /script|日/);
    assert.match(svg, /M40-350H260/);
  });
});
