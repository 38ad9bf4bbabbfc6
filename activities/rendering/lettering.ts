// Words as SVG paths. librsvg draws no `<text>` at all on a machine without fonts, as slim containers are.
import { glyphOutlines, unitsPerEm } from './lettering-outlines.ts';

interface Glyph {
  advance: number;
  outline: string;
}

const glyphs: ReadonlyMap<string, Glyph> = new Map(
  glyphOutlines
    .trim()
    .split('\n')
    .map((line) => {
      const [code = '', advance = '', ...outline] = line.split(' ');
      return [
        String.fromCodePoint(Number.parseInt(code, 16)),
        { advance: Number(advance), outline: outline.join(' ') },
      ];
    }),
);

/** What stands for a character that we have no outline of: its base letter, else an empty box. */
function glyphOf(character: string): Glyph {
  const box = { advance: 300, outline: 'M40-350H260V0H40ZM70-320V-30H230V-320Z' };
  return glyphs.get(character) ?? glyphs.get(character.normalize('NFKD').charAt(0)) ?? box;
}

const widthOf = (characters: readonly string[], size: number): number =>
  (characters.reduce((width, character) => width + glyphOf(character).advance, 0) * size) / unitsPerEm;

/** Cuts a text that is wider than `maxWidth` pixels, and ends it with an ellipsis. */
function fitted(text: string, size: number, maxWidth: number): readonly string[] {
  const characters = Array.from(text.normalize('NFC').replace(/\s+/g, ' ').trim());
  if (widthOf(characters, size) <= maxWidth) {
    return characters;
  }
  while (characters.length > 0 && widthOf([...characters, '…'], size) > maxWidth) {
    characters.pop();
  }
  return [...characters, '…'];
}

interface Lettering {
  text: string;
  /** Left end of the baseline, in pixels; its middle when `isCentered`. */
  x: number;
  y: number;
  /** In pixels to the em. */
  size: number;
  /** Six hex digits. */
  color: string;
  maxWidth: number;
  isCentered?: boolean;
}

/** Draws one line of text as an SVG group. Nothing of the text itself gets into the markup. */
export function letteringOf({ text, x, y, size, color, maxWidth, isCentered = false }: Lettering): string {
  const characters = fitted(text, size, maxWidth);
  const start = isCentered ? x - widthOf(characters, size) / 2 : x;
  let pen = 0;
  const outlines = characters.map((character) => {
    const { advance, outline } = glyphOf(character);
    const drawn = outline === '' ? '' : `<path transform="translate(${String(pen)} 0)" d="${outline}"/>`;
    pen += advance;
    return drawn;
  });
  const scale = (size / unitsPerEm).toFixed(4);
  return `<g transform="translate(${start.toFixed(1)} ${String(y)}) scale(${scale})" fill="#${color}">${outlines.join('')}</g>`;
}
