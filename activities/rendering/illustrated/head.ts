// The head: the art's face, hair and accessories on a skull that can turn. A turn moves the features sideways and narrows
// them, hides the far ear and brings the near one forward.
import type { ArtLayers } from './avataaars-art.ts';
import type { Avatar } from './avatar.ts';
import { behindEarsOf, braidsOf, napeHairOf, partingOf, streaksClip, topOf } from './hair.ts';
import { headwearOf } from './headwear.ts';

const skull = 'M132 36a56 56 0 0 0-56 56v38a56 56 0 0 0 112 0V92a56 56 0 0 0-56-56Z';
const ear = (x: number, fill: string): string =>
  `<rect x="${String(x)}" y="98" width="24" height="38" rx="12" fill="#${fill}"/>`;

/** Draws the head of an avatar in the art's units. */
export function headOf(avatar: Avatar, layers: ArtLayers, hairBelowHat: string): string {
  const { skin, framing } = avatar;
  const { turn } = framing;
  const shift = 21 * turn;
  const face = `translate(${String(132 + shift)} 0) scale(${String(1 - 0.17 * turn)} 1) translate(-132 0)`;
  const ageLines = ageLinesOf(avatar);
  const isTurned = turn > 0.1;
  const ears = isTurned ? '' : ear(66, skin) + ear(174, skin);
  const nearEar = isTurned
    ? ear(66 + 16 * turn, skin) +
      `<path d="M${String(79 + 16 * turn)} 107q-7 2 -6 11q1 9 7 9" fill="none" stroke="#000" stroke-opacity=".16" stroke-width="3" stroke-linecap="round"/>`
    : '';
  return [
    '<clipPath id="skull"><path d="M72 -60H192V280H72Z"/></clipPath>',
    streaksClip,
    '<clipPath id="belowBrim"><path d="M-60 66H324V480H-60Z"/></clipPath>',
    '<clipPath id="belowBun"><path d="M70 92a62 62 0 0 1 124 0V280H70Z"/></clipPath>',
    `<clipPath id="head"><path d="${skull}"/></clipPath>`,
    isTurned ? behindEarsOf(avatar) : '',
    ears,
    `<path d="${skull}" fill="#${skin}"/>`,
    napeHairOf(avatar),
    `<g transform="${face}">${layers.mouth}${layers.nose}${layers.eyes}${lashesOf(avatar)}${browsOf(avatar, layers.eyebrows)}</g>`,
    ageLines === '' ? '' : `<g clip-path="url(#head)"><g transform="${face}">${ageLines}</g></g>`,
    nearEar,
    earringsOf(avatar),
    hairBelowHat === '' ? '' : `<g clip-path="url(#belowBrim)">${hairBelowHat}</g>`,
    topOf(avatar, layers.top),
    partingOf(avatar),
    facialHairOf(avatar, layers.facialHair, shift),
    isTurned ? `<g clip-path="url(#skull)"><g transform="${face}">${layers.accessories}</g></g>` : layers.accessories,
    braidsOf(avatar),
    headwearOf(avatar),
  ].join('');
}

/** A beard follows the mouth on the far side and the jaw on the near one. */
function facialHairOf({ facialHairOpacity, options }: Avatar, layer: string, shift: number): string {
  if (!layer.includes('<path')) {
    return '';
  }
  const opacity = facialHairOpacity === 1 ? '' : ` opacity="${String(facialHairOpacity)}"`;
  const isBeard = options.facialHair?.[0]?.startsWith('beard') === true;
  if (shift === 0) {
    return `<g${opacity}>${layer}</g>`;
  }
  return (
    '<clipPath id="jaw"><path d="M76 60H188V134q0 30 -14 50q-14 34 -42 34t-42 -34q-14 -20 -14 -50Z"/></clipPath>' +
    `<clipPath id="nearCheek"><path d="M60 60H98V240H60Z"/></clipPath>` +
    `<g clip-path="url(#jaw)"${opacity}>${isBeard ? `<g clip-path="url(#nearCheek)">${layer}</g>` : ''}<g transform="translate(${String(shift)} 0)">${layer}</g></g>`
  );
}

/** Brows grow pale with age. */
const browsOf = ({ age }: Avatar, layer: string): string => (age < 65 ? layer : `<g opacity=".6">${layer}</g>`);

function lashesOf({ slender, options }: Avatar): string {
  const isOpen = options.eyes?.[0] === 'default' || options.eyes?.[0] === 'side';
  return slender && isOpen
    ? '<path d="M101 109l-5 -3M103.5 106.5l-3 -4M163 109l5 -3M160.5 106.5l3 -4" fill="none" stroke="#000" stroke-opacity=".6" stroke-width="2" stroke-linecap="round"/>'
    : '';
}

/** Studs, where no hair or cloth that is drawn later covers them. */
function earringsOf({ earrings, framing: { turn } }: Avatar): string {
  const stud = (x: number): string => `<circle cx="${x.toFixed(1)}" cy="136" r="4" fill="#e3bd62"/>`;
  return earrings ? (turn > 0.1 ? stud(78 + 16 * turn) : stud(75) + stud(189)) : '';
}

function ageLinesOf({ age }: Avatar): string {
  if (age < 45) {
    return '';
  }
  const strength = age < 55 ? 0.13 : age < 65 ? 0.19 : 0.25;
  const lines = ['M111 138q-6 7 -6 14', 'M153 138q6 7 6 14'];
  const crowsFeet = ['M86 112l-7 -4', 'M86 116l-8 1', 'M178 112l7 -4', 'M178 116l8 1'];
  const bags = ['M99 123q7 4 14 0', 'M151 123q7 4 14 0'];
  const forehead = ['M114 64q18 -4 36 0', 'M118 72q14 -3 28 0'];
  const d = [
    ...lines,
    ...(age >= 52 ? crowsFeet : []),
    ...(age >= 60 ? bags : []),
    ...(age >= 68 ? forehead : []),
  ].join('');
  return `<path d="${d}" fill="none" stroke="#000" stroke-opacity="${String(strength)}" stroke-width="2" stroke-linecap="round"/>`;
}
