// Legs, what is worn on them, and shoes, in the art's units.
import type { Avatar } from './avatar.ts';
import type { Frame } from './body-frame.ts';
import { darker, lighter } from './color.ts';
import type { Bottoms, Shoes } from './wardrobe.ts';

type Side = -1 | 1;
const top = 386;
const crotch = 492;
const ankle = 744;

/** Half widths at the hem of a leg, and where the hem is. */
const cuts: Readonly<Record<Exclude<Bottoms, 'skirt' | 'maxi'>, { half: number; hem: number }>> = {
  trousers: { half: 19, hem: ankle },
  wide: { half: 32, hem: ankle + 4 },
  leggings: { half: 14.5, hem: ankle - 8 },
  joggers: { half: 18, hem: ankle - 14 },
  shorts: { half: 31, hem: 590 },
};

/** Draws legs, bottoms and shoes. */
export function legsOf(avatar: Avatar, frame: Frame): string {
  const { outfit, skin, build } = avatar;
  const sides: readonly Side[] = [-1, 1];
  const foot = 27 + (frame.hip - 60) * 0.3;
  const bare = sides
    .map((side) => legPath(side, frame, foot, 13 * build.limbs, ankle + 6))
    .map((d) => `<path d="${d}" fill="#${skin}"/>`)
    .join('');
  const shoes = sides.map((side) => shoeOf(outfit.shoes, outfit.shoeColor, 132 + side * foot, side)).join('');
  return bare + shoes + bottomsOf(avatar, frame, foot);
}

function bottomsOf({ outfit, build }: Avatar, frame: Frame, foot: number): string {
  const { bottoms, bottomsColor: color } = outfit;
  const seat = `<path d="M${String(132 - frame.waist - 2)} ${String(top)}H${String(132 + frame.waist + 2)}L${String(132 + frame.hip)} 440V460H${String(132 - frame.hip)}V440Z" fill="#${color}"/>`;
  if (bottoms === 'skirt' || bottoms === 'maxi') {
    const hem = bottoms === 'skirt' ? 586 : 712;
    const half = frame.hip + (bottoms === 'skirt' ? 24 : 34);
    const [w, h] = [frame.waist + 2, frame.hip + 4];
    const fold = (at: number): string => `M${String(132 + at * 0.5)} 450L${String(132 + at)} ${String(hem - 6)}`;
    return (
      `<path d="M${String(132 - w)} ${String(top)}C${String(132 - h)} 420 ${String(132 - h)} 430 ${String(132 - h)} 446L${String(132 - half)} ${String(hem)}Q132 ${String(hem + 18)} ${String(132 + half)} ${String(hem)}L${String(132 + h)} 446C${String(132 + h)} 430 ${String(132 + h)} 420 ${String(132 + w)} ${String(top)}Z" fill="#${color}"/>` +
      `<path d="${fold(-half * 0.6)}${fold(-half * 0.1)}${fold(half * 0.45)}" stroke="#000" stroke-opacity=".12" stroke-width="3" stroke-linecap="round"/>` +
      `<rect x="${String(132 - w - 1)}" y="${String(top - 2)}" width="${String(2 * w + 2)}" height="12" rx="4" fill="#${darker(color, 0.25)}"/>`
    );
  }
  const { half, hem } = cuts[bottoms];
  const width = half * (bottoms === 'leggings' ? build.limbs : (1 + build.limbs) / 2);
  const legs = ([-1, 1] as const)
    .map((side) => `<path d="${legPath(side, frame, foot, width, hem)}" fill="#${color}"/>`)
    .join('');
  const cuff = (side: Side): string =>
    `<rect x="${String(132 + side * foot - width + 2)}" y="${String(hem - 6)}" width="${String(2 * width - 4)}" height="14" rx="5" fill="#${darker(color, 0.2)}"/>`;
  return (
    seat +
    legs +
    `<path d="M132 470V${String(crotch + 6)}" stroke="#000" stroke-opacity=".18" stroke-width="2.5" stroke-linecap="round"/>` +
    (bottoms === 'joggers' ? cuff(-1) + cuff(1) : '')
  );
}

function legPath(side: Side, { hip }: Frame, foot: number, half: number, hem: number): string {
  const x = (out: number): string => (132 + side * out).toFixed(1);
  const share = (hem - crotch) / (ankle - crotch);
  const center = hip / 2 + (foot - hip / 2) * share;
  const inner = Math.max(1.5, center - half);
  return `M${x(-0.5)} 446H${x(hip)}C${x(hip + 1)} 500 ${x(center + half)} 560 ${x(center + half)} ${String(hem)}H${x(inner)}L${x(0.5)} ${String(crotch)}Z`;
}

function shoeOf(shoes: Shoes, color: string, x: number, side: Side): string {
  const place = `translate(${x.toFixed(1)} 0) scale(${String(side)} 1)`;
  const sole = (fill: string): string => `<path d="M-18 760H38q3 8 -4 8H-14q-6 0 -4 -8Z" fill="#${fill}"/>`;
  switch (shoes) {
    case 'sneakers':
      return `<g transform="${place}"><path d="M-17 736h30q4 10 18 13q9 3 8 13H-18Z" fill="#${color}"/><path d="M12 742l-8 6M18 747l-7 5" stroke="#000" stroke-opacity=".25" stroke-width="2" stroke-linecap="round"/>${sole('f7f5f1')}<path d="M-18 760H38" stroke="#000" stroke-opacity=".16" stroke-width="1.5"/></g>`;
    case 'boots':
      return `<g transform="${place}"><path d="M-17 708h32v36q4 6 14 8q9 2 8 10H-18Z" fill="#${color}"/><path d="M-17 716h32" stroke="#fff" stroke-opacity=".16" stroke-width="3"/>${sole(darker(color, 0.4))}</g>`;
    case 'loafers':
      return `<g transform="${place}"><path d="M-16 744q16 8 26 0q8 8 20 9q8 2 7 9H-17Z" fill="#${color}"/>${sole(darker(color, 0.45))}</g>`;
    case 'flats':
      return `<g transform="${place}"><path d="M-15 750q14 12 26 1q6 4 16 5q9 2 8 7H-16Z" fill="#${color}"/><path d="M-14 751q14 11 25 1" stroke="#${lighter(color, 0.3)}" stroke-width="1.5" fill="none"/>${sole(darker(color, 0.3))}</g>`;
  }
}
