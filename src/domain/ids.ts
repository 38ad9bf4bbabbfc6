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
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = alphabet.charAt(Number(rest & 31n)) + text;
    rest >>= 5n;
  }
  return `${idPrefixes[kind]}_${text}`;
}

/** Reads any accepted spelling of an id into a lower-case UUID; throws a `RangeError` for a text that `idPattern` refuses. */
export function parseId(kind: IdKind, text: string): string {
  if (!forms[kind].test(text)) throw new RangeError(`not an id of kind ${kind}`);
  const bare = text.slice(text.indexOf('_') + 1);
  if (bare.length === 36) return bare.toLowerCase();
  let value = 0n;
  for (const letter of bare.toUpperCase()) value = (value << 5n) | BigInt(alphabet.indexOf(letter));
  const hex = value.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
