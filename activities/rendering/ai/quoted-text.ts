// Makes data of callers' texts, so that none of them can end its quotation or be taken for an instruction by its form.

/** Counts as limits do, in Unicode code points. */
export const lengthOf = (text: string): number => Array.from(text).length;

const firstOf = (text: string, length: number): string => Array.from(text).slice(0, length).join('');

/** Writes a text in its plainest form on one line, without any character that nobody sees. */
export const onOneLine = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\p{Z}\t-\r\u0085]/gu, ' ')
    .replace(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/ +/g, ' ')
    .trim();

/** Replaces what could look like the end of a quotation, or like markup. */
const unmarked = (line: string): string =>
  line
    .replace(/[\p{Quotation_Mark}`´ˊˋʹʺ˝ˮ\u2032-\u2037❛-❠🙶-🙸״׳〃]/gu, 'ʼ')
    .replace(/[<≤≪\p{Ps}]/gu, '(')
    .replace(/[>≥≫\p{Pe}]/gu, ')')
    .replace(/[\\|¦‖∣∥]/g, '/');

/** Makes a text harmless and cuts it to `limit`; one that says nothing becomes ''. */
export const plainText = (text: string, limit: number): string =>
  firstOf(unmarked(onOneLine(text)), limit)
    .replace(/^\p{M}+/u, '') // they would join the quotation mark before them
    .trim();

/** How long texts are in quotation marks, one after the other. */
export const quotedLength = (texts: readonly string[]): number =>
  texts.reduce((length, text) => length + lengthOf(text) + '"", '.length, -', '.length);

/** Quotes as many texts as `room` has place for, in their order; the first is cut where not even that one fits. */
export function quoted(texts: readonly string[], room = Infinity): string {
  const kept: string[] = [];
  for (const text of texts) {
    if (quotedLength([...kept, text]) <= room) kept.push(text);
    else {
      if (kept.length === 0) kept.push(`${firstOf(text, room - '""…'.length).trim()}…`);
      break;
    }
  }
  return kept.map((text) => `"${text}"`).join(', ');
}

/** Shares `room` among parts so that short ones stay whole and the long ones are cut to one length, which it returns. */
export function evenShare(lengths: readonly number[], room: number): number {
  let left = room;
  const ascending = lengths.toSorted((a, b) => a - b);
  for (const [index, length] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Infinity;
}
