// One 128-bit id per thing, two spellings: a prefix with 26 characters of Crockford's base32 outside, a UUID in Postgres.

export const idPrefixes = {
  organization: 'org',
  project: 'prj',
  influencer: 'inf',
  job: 'job',
  asset: 'ast',
  upload: 'upl',
  apiKey: 'key',
  webhookEndpoint: 'whe',
  webhookDelivery: 'whd',
  event: 'evt',
  request: 'req',
} as const;
export type IdKind = keyof typeof idPrefixes;

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const uuidPattern = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const base32Pattern = '[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}';

const eitherCase = (text: string) =>
  Array.from(text, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`).join('');

/** The spellings that are accepted for an id of this kind, as a regular expression for JSON Schema. */
export const idPattern = (kind: IdKind): string =>
  `^(?:${eitherCase(idPrefixes[kind])}_(?:${base32Pattern}|${uuidPattern})|${uuidPattern})$`;

const forms = Object.fromEntries(
  (Object.keys(idPrefixes) as IdKind[]).map((kind) => [kind, new RegExp(idPattern(kind))]),
) as Record<IdKind, RegExp>;

/** Spells a UUID as callers see it, `inf_01HY0ABC…` ([Crockford's base32](https://www.crockford.com/base32.html), upper case). */
export function formatId(kind: IdKind, uuid: string): string {
  const hex = uuid.replaceAll('-', '');
  let text = base32Of(hex.slice(0, 2), 2);
  for (let at = 2; at < hex.length; at += 5) text += base32Of(hex.slice(at, at + 5), 4);
  return `${idPrefixes[kind]}_${text}`;
}

/** Reads any accepted spelling of an id into a lower-case UUID; throws a `RangeError` for a text that `idPattern` refuses. */
export function parseId(kind: IdKind, text: string): string {
  if (!forms[kind].test(text)) throw new RangeError(`not an id of kind ${kind}`);
  const bare = text.slice(text.indexOf('_') + 1);
  if (bare.length === 36) return bare.toLowerCase();
  const letters = bare.toUpperCase();
  let hex = hexOf(letters.slice(0, 2), 2);
  for (let at = 2; at < letters.length; at += 4) hex += hexOf(letters.slice(at, at + 4), 5);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

// Behind the first two digits, five of hexadecimal are four of base32: twenty bits.

function base32Of(hex: string, digits: number): string {
  const value = parseInt(hex, 16);
  let text = '';
  for (let shift = 5 * (digits - 1); shift >= 0; shift -= 5) text += alphabet.charAt((value >> shift) & 31);
  return text;
}

function hexOf(letters: string, digits: number): string {
  let value = 0;
  for (const letter of letters) value = value * 32 + alphabet.indexOf(letter);
  return value.toString(16).padStart(digits, '0');
}
