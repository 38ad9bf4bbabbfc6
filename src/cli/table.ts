/** Rows in columns that begin below each other, for people. */
export function table(head: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => oneLine(cell ?? '–')));
  const widths = head.map((_, at) => Math.max(...lines.map((row) => row[at]?.length ?? 0)));
  return lines
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A caller's text as a terminal can show it: none of it moves the cursor, or says something that it does not. */
export const oneLine = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- these are what it is about
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');

/** Names and values below each other. */
export const sheet = (entries: Readonly<Record<string, string | null | undefined>>): string => {
  const told = Object.entries(entries).filter((entry): entry is [string, string] => entry[1] != null);
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`).join('\n');
};
