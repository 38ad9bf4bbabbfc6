/**
 * Gives the URL that a text is; null when it is none. Not `URL.canParse`: once that is compiled, Node 20 reads a text of Latin-1,
 * such as `https://bücher.example`, as broken UTF-8, and takes it for none.
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
