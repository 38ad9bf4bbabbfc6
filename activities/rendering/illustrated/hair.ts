// Hair that the art does not have: tails, braids, partings, and what a turned head shows of the back of the hair. The clip
// paths that it uses are the head's.
import type { Avatar } from './avatar.ts';
import { darker, lighter } from './color.ts';

const longTops: readonly (string | undefined)[] = [
  'bob',
  'miaWallace',
  'longButNotTooLong',
  'straight01',
  'straight02',
  'straightAndStrand',
  'curvy',
  'bigHair',
  'curly',
  'fro',
  'froBand',
  'dreads',
  'dreads02',
];
const napelessTops: readonly (string | undefined)[] = [
  ...longTops,
  'shavedSides',
  'sides',
  'frizzle',
  'hijab',
  'turban',
  'winterHat1',
];

const hairTopOf = ({ options, hairBelowHat }: Avatar): string | undefined =>
  hairBelowHat ?? (options.topProbability === 100 ? options.top?.[0] : undefined);

/** Fills the holes that long hair and hats leave for the ears: they must not show the wall when the head turns away. */
export const behindEarsOf = (avatar: Avatar): string =>
  avatar.options.top?.[0] === 'hat'
    ? `<rect x="64" y="84" width="136" height="52" rx="12" fill="#${darker(avatar.headwearColor, 0.3)}"/>`
    : longTops.includes(hairTopOf(avatar))
      ? `<rect x="62" y="84" width="140" height="62" rx="20" fill="#${avatar.hairColor}"/>`
      : '';

/** Draws short hair behind the near ear, where the art, which knows only the front, has skin. */
export function napeHairOf(avatar: Avatar): string {
  const top = hairTopOf(avatar);
  const isSeen = avatar.framing.turn > 0.6 && top !== undefined && !napelessTops.includes(top);
  return isSeen
    ? `<path clip-path="url(#head)" d="M70 30H128Q110 78 105 106L84 104V130Q86 150 80 148L70 140Z" fill="#${avatar.hairColor}"/>`
    : '';
}

/** The art's lights on hair are white paint on dark hair. */
const softened = (layer: string): string =>
  layer.replace('fill="#fff" fill-opacity=".6"', 'fill="#fff" fill-opacity=".22"');

/** Strands from the crown outwards, thin at both ends. */
export const streaksClip = `<clipPath id="streaks"><path d="${[-62, -44, -25, 21, 40, 57]
  .map((out) => {
    const [crown, bow, end] = [132 + out * 0.45, 132 + out * 1.05, 132 + out * 1.25].map(Math.round);
    return `M${String(crown)} 0Q${String((bow ?? 0) - 6)} 90 ${String(end)} 270Q${String((bow ?? 0) + 6)} 90 ${String(crown)} 0Z`;
  })
  .join('')}"/></clipPath>`;

/** Draws streaks: the same hair in another colour, seen through slits; without its shadows, which would fall twice. */
export const streaksOf = (layer: string): string =>
  `<g clip-path="url(#streaks)">${layer.replace(/<path[^>]* fill="#000"[^>]*>/g, '')}</g>`;

/** Draws the art's hair; a hat of ours, or the parting of braids, takes its upper part away. */
export function topOf({ ownHeadwear, tail, hairBelowHat }: Avatar, drawn: string): string {
  const layer = softened(drawn);
  if (ownHeadwear !== undefined) {
    return `<g clip-path="url(#belowBrim)">${layer}</g>`;
  }
  return tail === 'braids' && hairBelowHat === undefined ? `<g clip-path="url(#belowBun)">${layer}</g>` : layer;
}

/** Tied hair is parted in the middle, which the art's own bun does not know. */
export function partingOf({ hairColor, framing, ownHeadwear, tail, hairBelowHat }: Avatar): string {
  if (tail === undefined || hairBelowHat !== undefined) {
    return '';
  }
  const part = 132 + 14 * framing.turn;
  const clip = ownHeadwear === undefined ? '' : ' clip-path="url(#belowBrim)"';
  return `<path${clip} d="M132 33C98 33 74 58 74 108Q82 98 85 86Q98 74 ${String(part)} 50Q166 74 179 86Q182 98 190 108C190 58 166 33 132 33Z" fill="#${hairColor}"/><path${clip} d="M${String(part)} 35V52" stroke="#000" stroke-opacity=".16" stroke-width="2"/>`;
}

/** Draws braids that fall over the shoulders. */
export function braidsOf({ tail, hairColor: color }: Avatar): string {
  if (tail !== 'braids') {
    return '';
  }
  const strand = (x: number, y: number, index: number): string =>
    `<ellipse cx="${String(x + (index % 2 === 0 ? -2.5 : 2.5))}" cy="${String(y)}" rx="11" ry="9" transform="rotate(${index % 2 === 0 ? '28' : '-28'} ${String(x)} ${String(y)})" fill="#${index % 2 === 0 ? color : darker(color, 0.12)}"/>`;
  const braid = (x: number, lean: number): string =>
    Array.from({ length: 10 }, (_, index) => strand(x + lean * index, 146 + index * 13, index)).join('') +
    `<path d="M${String(x + lean * 10 - 7)} 274h14l-3 22q-4 6 -8 0Z" fill="#${color}"/>` +
    `<rect x="${String(x + lean * 10 - 8)}" y="269" width="16" height="7" rx="3.5" fill="#${lighter(color, 0.55)}"/>`;
  return braid(74, -0.7) + braid(190, 0.7);
}

/** Draws what hangs behind the shoulders. */
export function tailOf(avatar: Avatar): string {
  const { tail, hairColor } = avatar;
  if (hairTopOf(avatar) === 'curvy') {
    // The art has only a shadow here, through which the wall would show.
    return `<rect x="80" y="110" width="104" height="112" fill="#${hairColor}"/>`;
  }
  return tail === 'ponytail'
    ? `<path d="M140 14C206 2 232 62 222 124c-5 40 -4 66 12 92c-34 4 -62 -16 -64 -52c-2 -44 8 -84 -30 -116Z" fill="#${darker(hairColor, 0.12)}"/>`
    : '';
}
