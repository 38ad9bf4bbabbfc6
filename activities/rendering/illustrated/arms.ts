// Arms as thick strokes from shoulder over elbow to wrist, and what hands do in each pose.
import type { Avatar } from './avatar.ts';
import { torsoPathOf, type Frame } from './body-frame.ts';
import { darker, lighter } from './color.ts';
import type { Pose } from './shot-plans.ts';

type Side = -1 | 1;
type Point = readonly [x: number, y: number];

interface Arm {
  elbow: Point;
  wrist: Point;
  /** `seen`: hanging; `tucked`: in a pocket or under the other arm. */
  hand: 'seen' | 'tucked';
  holds?: 'cup' | 'phone';
}

/** Points are relative to the middle of the body, outwards positive. */
function armOf(pose: Pose, side: Side, { shoulder, arm, hip, waist }: Frame): Arm {
  const hanging: Arm = { elbow: [shoulder - arm / 2 + 7, 352], wrist: [shoulder - arm / 2 + 6, 418], hand: 'seen' };
  const isLeading = side === 1;
  switch (pose) {
    case 'relaxed':
      return hanging;
    case 'pocket':
      return isLeading ? { elbow: [shoulder + 8, 350], wrist: [hip - 4, 436], hand: 'tucked' } : hanging;
    case 'hip':
      return isLeading ? { elbow: [shoulder + 38, 342], wrist: [waist + 10, 392], hand: 'seen' } : hanging;
    case 'cup':
      return isLeading ? { elbow: [shoulder + 2, 362], wrist: [44, 326], hand: 'seen', holds: 'cup' } : hanging;
    case 'phone':
      return isLeading ? { elbow: [shoulder - 4, 366], wrist: [40, 330], hand: 'seen', holds: 'phone' } : hanging;
    case 'crossed':
      return {
        elbow: [shoulder - 8, 356],
        wrist: [isLeading ? -40 : -34, isLeading ? 330 : 344],
        hand: isLeading ? 'seen' : 'tucked',
      };
  }
}

/** Draws both arms: what is behind the torso and what crosses it. */
export function armsOf(avatar: Avatar, frame: Frame, color: string): { behind: string; inFront: string } {
  const drawn = ([-1, 1] as const).map((side) => ({ side, arm: armOf(avatar.pose, side, frame) }));
  const draw = (which: typeof drawn): string =>
    which.map(({ side, arm }) => limb(avatar, frame, color, side, arm)).join('');
  return {
    behind: draw(drawn.filter(({ arm }) => !crosses(frame, arm.wrist))),
    inFront:
      `<clipPath id="torso"><path d="${torsoPathOf(frame)}"/></clipPath>` +
      draw(drawn.filter(({ arm }) => crosses(frame, arm.wrist))),
  };
}

const crosses = ({ chest }: Frame, [out]: Point): boolean => out < chest + 20;

function limb(avatar: Avatar, frame: Frame, color: string, side: Side, { elbow, wrist, hand, holds }: Arm): string {
  const { skin, outfit } = avatar;
  const x = (out: number): number => 132 + side * out;
  const shoulder: Point = [x(frame.shoulder - frame.arm / 2), 262];
  // It leaves the bust straight down, so that no edge of the stroke stands out of the shoulder's curve.
  const below: Point = [shoulder[0], 284];
  const joint: Point = [x(elbow[0]), elbow[1]];
  const end: Point = [x(wrist[0]), wrist[1]];
  const bare = outfit.garment.sleeves === 'short';
  const wide = frame.arm;
  const cuff = along(joint, end, 0.9);
  const sleeveEnd = along(below, joint, 0.5);
  const sleeve = bare
    ? stroke([along(below, joint, 0.3), joint, end], wide * 0.74, skin) +
      stroke([shoulder, below, sleeveEnd], wide, color, 'butt')
    : stroke([shoulder, below, joint, cuff], wide, color, 'butt') +
      stroke([along(joint, end, 0.78), cuff], wide + 1, darker(color, 0.14), 'butt');
  const shadow = crosses(frame, wrist) ? shadowBelow([joint, end], wide) : '';
  const stripe =
    outfit.garment.detail === 'sideStripe'
      ? stroke(
          [
            [x(frame.shoulder - 9), 262],
            [x(elbow[0] + wide / 2 - 9), elbow[1]],
          ],
          5,
          lighter(color, 0.8),
        )
      : '';
  const palm = hand === 'seen' ? handOf(skin, joint, end, side, wide) : '';
  return shadow + palm + sleeve + stripe + (holds === undefined ? '' : heldOf(holds, end, side, skin));
}

const along = ([ax, ay]: Point, [bx, by]: Point, share: number): Point => [
  ax + (bx - ax) * share,
  ay + (by - ay) * share,
];

function stroke(points: readonly Point[], width: number, color: string, cap = 'round'): string {
  const d = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  return `<path d="${d}" fill="none" stroke="#${color}" stroke-width="${width.toFixed(1)}" stroke-linecap="${cap}" stroke-linejoin="round"/>`;
}

function shadowBelow(points: readonly Point[], width: number): string {
  const d = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${(y + 7).toFixed(1)}`).join('');
  return `<path d="${d}" fill="none" clip-path="url(#torso)" stroke="#000" stroke-opacity=".12" stroke-width="${width.toFixed(1)}" stroke-linecap="round"/>`;
}

function handOf(skin: string, joint: Point, end: Point, side: Side, wide: number): string {
  const [x, y] = along(joint, end, 1.12);
  const angle = (Math.atan2(end[1] - joint[1], end[0] - joint[0]) * 180) / Math.PI - 90;
  const place = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${angle.toFixed(1)}) scale(${(wide / 37).toFixed(2)})`;
  return (
    `<g transform="${place}" fill="#${skin}"><ellipse rx="13" ry="18"/>` +
    `<ellipse cx="${String(-side * 11)}" cy="-2" rx="5.5" ry="11" transform="rotate(${String(side * 14)})"/></g>`
  );
}

function heldOf(what: 'cup' | 'phone', [x, y]: Point, side: Side, skin: string): string {
  const place = `translate(${(x - side * 10).toFixed(1)} ${(y - 10).toFixed(1)})`;
  const fingers = `<path d="M-12 -4h20M-12 5h21M-11 14h19" stroke="#${skin}" stroke-width="8.5" stroke-linecap="round"/>`;
  return what === 'cup'
    ? `<g transform="${place}"><path d="M-17 -34h34l-5 58h-24Z" fill="#f6f2ea"/><path d="M-15 -12h30l-2 20h-26Z" fill="#a9714b"/><rect x="-20" y="-41" width="40" height="9" rx="4" fill="#3b3330"/>${fingers}</g>`
    : `<g transform="${place} rotate(${String(side * -10)})"><rect x="-15" y="-36" width="30" height="58" rx="5" fill="#26282e"/><circle cx="8" cy="-28" r="3" fill="#5a5e68"/>${fingers}</g>`;
}
