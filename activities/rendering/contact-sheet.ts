import sharp from 'sharp';
import { letteringOf } from './lettering.ts';

interface ContactSheetRow {
  title: string;
  subtitle?: string;
  images: readonly { bytes: Uint8Array; caption: string }[];
}

/** In pixels. */
const tile = 288;
const gap = 20;
const margin = 48;
const heading = 76;
const captionHeight = 40;
const rowGap = 36;
const ink = '22262e';
const paleInk = '687080';

/** Lays out rows of pictures under titles, with a caption below each picture, as one PNG; it needs no font of the machine. */
export async function contactSheet(rows: readonly ContactSheetRow[]): Promise<Uint8Array> {
  const columns = Math.max(1, ...rows.map(({ images }) => images.length));
  const width = 2 * margin + columns * tile + (columns - 1) * gap;
  const rowHeight = heading + tile + captionHeight;
  const height = 2 * margin + rows.length * rowHeight + Math.max(0, rows.length - 1) * rowGap;
  const leftOf = (column: number): number => margin + column * (tile + gap);
  const topOf = (row: number): number => margin + row * (rowHeight + rowGap);

  const pictures = await Promise.all(
    rows.flatMap(({ images }, row) =>
      images.map(async ({ bytes }, column) => ({
        input: await tileOf(bytes),
        left: leftOf(column),
        top: topOf(row) + heading,
      })),
    ),
  );
  const words = rows.map(({ title, subtitle, images }, row) => {
    const top = topOf(row);
    const maxWidth = width - 2 * margin;
    return [
      letteringOf({ text: title, x: margin, y: top + 28, size: 30, color: ink, maxWidth }),
      letteringOf({ text: subtitle ?? '', x: margin, y: top + 56, size: 18, color: paleInk, maxWidth }),
      ...images.map(({ caption }, column) =>
        letteringOf({
          text: caption,
          x: leftOf(column) + tile / 2,
          y: top + heading + tile + 28,
          size: 18,
          color: paleInk,
          maxWidth: tile,
          isCentered: true,
        }),
      ),
    ].join('');
  });
  const lettering = `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}">${words.join('')}</svg>`;
  return sharp({ create: { width, height, channels: 3, background: '#fbfaf8' } })
    .composite([...pictures, { input: Buffer.from(lettering), left: 0, top: 0 }])
    .png({ compressionLevel: 6 })
    .toBuffer();
}

const roundedSquare = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${String(tile)}" height="${String(tile)}"><rect width="100%" height="100%" rx="14"/></svg>`,
);

const tileOf = (bytes: Uint8Array): Promise<Buffer> =>
  sharp(bytes)
    .resize(tile, tile)
    .ensureAlpha()
    .composite([{ input: roundedSquare, blend: 'dest-in' }])
    .png({ compressionLevel: 1 })
    .toBuffer();
