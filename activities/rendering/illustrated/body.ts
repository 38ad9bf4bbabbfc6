// The body below the art's bust, in the art's units: torso, arms, legs and shoes, so that a person can be shown to the waist
// and standing. The bust ends at y = 280, a standing person at y = 766.
import type { Avatar } from './avatar.ts';
import { armsOf } from './arms.ts';
import { frameOf, torsoPathOf, type Frame } from './body-frame.ts';
import { collarOf, garmentDetailsOf } from './garment-details.ts';
import { legsOf } from './legs.ts';

/** Neck and shoulders as far as a neckline may show them: skin under the cloth's edge would shine through. */
const neckline = 'M108 150h48v49h4q14 0 26 5L182 216Q176 240 132 246Q88 240 82 216L78 204q12 -5 26 -5h4Z';

/** Draws everything from the neck down; `clothing` is the art's layer for the bust. */
export function bodyOf(avatar: Avatar, clothing: string): string {
  const { skin, outfit, build } = avatar;
  const frame = frameOf(avatar);
  const widened = `translate(132 0) scale(${String(build.shoulders)} 1) translate(-132 0)`;
  const shirtColor = outfit.garment.clothing === 'overall' ? 'ece7dd' : outfit.color;
  const arms = armsOf(avatar, frame, shirtColor);
  return [
    arms.behind,
    legsOf(avatar, frame),
    `<path d="${torsoPathOf(frame)}" fill="#${outfit.color}"/>`,
    `<g transform="${widened}"><path d="${neckline}" fill="#${skin}"/>`,
    outfit.garment.clothing === 'overall'
      ? '<path d="M132 228c20 0 34 -9 34 -22l-2 -7h-4a72 72 0 0 1 72 72v9H32v-9a72 72 0 0 1 72-72h-4l-2 7c0 13 14 22 34 22Z" fill="#ece7dd"/>'
      : '',
    `${clothing}</g>`,
    garmentDetailsOf(avatar, frame),
    outfit.garment.open === true ? seamCover(frame, outfit.color) : '',
    armpits(frame),
    arms.inFront,
    `<path d="M108 180.6v8a56 56 0 0 0 48 0v-8a56 56 0 0 1-48 0Z" fill="#000" fill-opacity=".1"/>`,
    collarOf(avatar),
  ].join('');
}

/** The art's open jackets have a light shirt below them, which shines through along the bust's lower edge. */
const seamCover = ({ shoulder }: Frame, color: string): string =>
  `<path d="M${String(133 - shoulder)} 279.5H105M159 279.5H${String(131 + shoulder)}" stroke="#${color}" stroke-width="3"/>`;

function armpits({ chest }: Frame): string {
  const fold = (x: number): string => `M${String(x)} 258V300`;
  return `<path d="${fold(132 - chest + 2)}${fold(132 + chest - 2)}" stroke="#000" stroke-opacity=".14" stroke-width="3" stroke-linecap="round" fill="none"/>`;
}
