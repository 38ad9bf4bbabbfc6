// What a garment has beyond the art's bust: its front below the chest, stripes, pockets, and what is worn at the neck.
import type { Avatar } from './avatar.ts';
import { torsoPathOf, type Frame } from './body-frame.ts';
import { darker, distanceOf, lighter } from './color.ts';
import type { Outfit } from './outfits.ts';
import type { Garment } from './wardrobe.ts';

const gold = 'd9b25a';

/** Draws the front of the garment over torso and bust. */
export function garmentDetailsOf({ outfit, build }: Avatar, frame: Frame): string {
  const { garment, color } = outfit;
  const front: string[] = [];
  if (garment.open === true) {
    const hem = String(frame.hem);
    front.push(
      `<path d="M106 279H158L150 ${String(Math.min(frame.hem, 404))}L154 ${hem}H110L114 ${String(Math.min(frame.hem, 404))}Z" fill="#e6e6e6"/>`,
      `<path d="M106 279L114 372L110 ${hem}M158 279L150 372L154 ${hem}" fill="none" stroke="#000" stroke-opacity=".2" stroke-width="3"/>`,
    );
  }
  if (garment.clothing === 'overall') {
    front.push(
      `<rect x="106" y="300" width="52" height="46" rx="7" fill="#000" fill-opacity=".1"/>`,
      `<path d="M106 312h52" stroke="#000" stroke-opacity=".14" stroke-width="2.5"/>`,
    );
  }
  if (garment.detail === 'zip') {
    front.push(
      `<path d="M86 ${String(frame.hem - 18)}L96 366H168L178 ${String(frame.hem - 18)}" fill="none" stroke="#000" stroke-opacity=".16" stroke-width="3.5" stroke-linejoin="round" stroke-linecap="round"/>`,
    );
  }
  if (garment.detail === 'stripes') {
    const lines = Array.from({ length: 9 }, (_, index) => `M0 ${String(246 + index * 22)}H264`).join('');
    const bust = `M104 199a72 72 0 0 0-72 72v9h200v-9a72 72 0 0 0-72-72Z`;
    front.push(
      `<clipPath id="garment"><path d="${torsoPathOf(frame)}"/><path d="${bust}" transform="translate(132 0) scale(${String(build.shoulders)} 1) translate(-132 0)"/></clipPath>`,
      `<path d="${lines}" stroke="#${lighter(color, 0.7)}" stroke-width="7" clip-path="url(#garment)"/>`,
    );
  }
  if (garment.detail === 'sideStripe') {
    front.push(
      `<path d="M106 206a66 66 0 0 0-65 62M158 206a66 66 0 0 1 65 62" transform="translate(132 0) scale(${String(build.shoulders)} 1) translate(-132 0)" fill="none" stroke="#${lighter(color, 0.8)}" stroke-width="5"/>`,
    );
  }
  front.push(`<path d="${torsoPathOf(frame)}" fill="url(#clothShade)"/>`);
  return front.join('');
}

const collars: Readonly<Record<NonNullable<Garment['collar']>, (outfit: Outfit) => string>> = {
  turtleneck: ({ color }) =>
    `<path d="M103 176h58q2 16 7 26c-2 16 -16 30 -36 30s-34 -14 -36 -30q5 -10 7 -26Z" fill="#${color}"/>` +
    '<path d="M98 203q34 20 68 0" fill="none" stroke="#000" stroke-opacity=".16" stroke-width="3" stroke-linecap="round"/>' +
    '<path d="M104 190a56 56 0 0 0 56 0v-9a56 56 0 0 1 -56 0Z" fill="#000" fill-opacity=".16"/>',
  tie: ({ color }) => {
    const tie = distanceOf(color, '7a2f3d') > 0.2 ? '7a2f3d' : '2c3f63';
    return `<path d="M124 222h16l-4 14h-8Z" fill="#${darker(tie, 0.2)}"/><path d="M128 235h8l9 92l-13 15l-13 -15Z" fill="#${tie}"/>`;
  },
  scarf: ({ bottomsColor }) => {
    const scarf = lighter(bottomsColor, 0.25);
    return (
      `<path d="M150 214l22 6l6 92h-30Z" fill="#${darker(scarf, 0.12)}"/><path d="M150 306h27M149 297h27" stroke="#000" stroke-opacity=".14" stroke-width="3"/>` +
      `<path d="M92 196q40 -14 80 0q10 20 -4 34q-36 16 -72 0q-14 -14 -4 -34Z" fill="#${scarf}"/>` +
      '<path d="M98 206q34 18 70 2M102 222q34 14 62 -2" fill="none" stroke="#000" stroke-opacity=".13" stroke-width="3" stroke-linecap="round"/>'
    );
  },
  pendant: () =>
    `<path d="M107 199q4 28 25 34q21 -6 25 -34" fill="none" stroke="#${gold}" stroke-width="2"/><circle cx="132" cy="236" r="5" fill="#${gold}"/>`,
  choker: () =>
    '<path d="M108 191q24 9 48 0v7q-24 9 -48 0Z" fill="#151318"/><circle cx="132" cy="200" r="3.4" fill="#b9bcc4"/>',
  beads: () =>
    Array.from({ length: 15 }, (_, index) => {
      const angle = Math.PI * (index / 14);
      const fill = ['3f8a86', gold, 'a4503a'][index % 3] ?? gold;
      return `<circle cx="${(132 - Math.cos(angle) * 29).toFixed(1)}" cy="${(198 + Math.sin(angle) * 46).toFixed(1)}" r="3.6" fill="#${fill}"/>`;
    }).join(''),
};

/** Draws what is worn at the neck, above the garment and below the head. */
export const collarOf = ({ outfit }: Avatar): string =>
  outfit.garment.collar === undefined ? '' : collars[outfit.garment.collar](outfit);
