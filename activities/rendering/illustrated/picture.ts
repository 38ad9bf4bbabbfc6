// Puts a whole picture together as SVG: the place, the shadow, the person. No text of a caller reaches it, only choices from
// our own tables.
import { imageSize } from '../../../src/domain/shots.ts';
import { artLayersOf } from './avataaars-art.ts';
import type { Avatar } from './avatar.ts';
import { bodyOf } from './body.ts';
import { streaksOf, tailOf } from './hair.ts';
import { headOf } from './head.ts';
import { sceneryOf } from './scenery.ts';
import { soleAt } from './shot-plans.ts';

/** Draws an avatar as an SVG document of 1024 × 1024 pixels. Pure. */
export function pictureOf(avatar: Avatar): string {
  const { framing, scene, palette, build } = avatar;
  const { scale, at, x, y, tilt, mirrored } = framing;
  const sized = at === soleAt ? scale * build.height : scale;
  const place = `translate(${String(x)} ${String(y)}) rotate(${String(tilt)}) scale(${String(mirrored ? -sized : sized)} ${String(sized)}) translate(-132 ${String(-at)})`;
  const layers = artLayersOf(avatar.options);
  const hairBelowHat =
    avatar.hairBelowHat === undefined ? '' : hairOf(avatar, { top: [avatar.hairBelowHat], topProbability: 100 });
  const top = avatar.hairBelowHat === undefined ? hairOf(avatar, {}) : layers.top;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(imageSize)}" height="${String(imageSize)}" viewBox="0 0 1024 1024" fill="none">`,
    '<defs><linearGradient id="clothShade" x1="0" y1="0" x2="0" y2="1"><stop offset=".2" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".12"/></linearGradient></defs>',
    sceneryOf(scene, palette),
    `<g transform="${place}">`,
    '<ellipse cx="132" cy="767" rx="104" ry="13" fill="#000" fill-opacity=".18"/>',
    tailOf(avatar),
    bodyOf(avatar, layers.clothing),
    headOf(avatar, { ...layers, top }, hairBelowHat),
    '</g></svg>',
  ].join('');
}

function hairOf({ options, streakColor }: Avatar, below: Pick<Avatar['options'], 'top' | 'topProbability'>): string {
  const hair = artLayersOf({ ...options, ...below }).top;
  return streakColor === undefined
    ? hair
    : hair + streaksOf(artLayersOf({ ...options, ...below, hairColor: [streakColor] }).top);
}
