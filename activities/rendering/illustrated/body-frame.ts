// The measures of a body, from which torso, arms and legs are drawn, in the art's units.
import type { Avatar } from './avatar.ts';

/** Half widths from the middle of the body (x = 132), and heights. */
export interface Frame {
  shoulder: number;
  chest: number;
  waist: number;
  hip: number;
  arm: number;
  hem: number;
}

export function frameOf({ build, slender, outfit }: Avatar): Frame {
  const shoulder = 100 * build.shoulders;
  const arm = 37 * build.limbs;
  const tucked = outfit.bottoms === 'skirt' || outfit.bottoms === 'maxi';
  return {
    shoulder,
    arm,
    chest: shoulder - arm + 3,
    waist: (slender ? 50 : 58) * build.waist,
    hip: (slender ? 62 : 60) * build.hips,
    hem: tucked ? 392 : 438,
  };
}

export function torsoPathOf({ chest, waist, hip, hem }: Frame): string {
  const at = (side: -1 | 1, half: number): string => String(132 + side * half);
  const low = hem > 400 ? hip + 2 : waist + 3;
  return (
    `M${at(-1, chest)} 236V282C${at(-1, chest)} 316 ${at(-1, waist)} 340 ${at(-1, waist)} 372` +
    `C${at(-1, waist)} 396 ${at(-1, low)} ${String(hem - 20)} ${at(-1, low)} ${String(hem)}H${at(1, low)}` +
    `C${at(1, low)} ${String(hem - 20)} ${at(1, waist)} 396 ${at(1, waist)} 372C${at(1, waist)} 340 ${at(1, chest)} 316 ${at(1, chest)} 282V236Z`
  );
}
