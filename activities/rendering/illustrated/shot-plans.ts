// How each shot shows the person. The art knows one camera angle, so shots differ by frame, turn of the head, pose, expression,
// outfit and place.
import type { Shot } from '../../../src/domain/shots.ts';
import type { Face, Mood } from './moods.ts';

export type Pose = 'relaxed' | 'pocket' | 'hip' | 'cup' | 'phone' | 'crossed';

/** Where the figure stands in the picture: its middle at height `at` (in the art's units) comes to (`x`, `y`), in pixels. */
export interface Framing {
  scale: number;
  at: number;
  x: number;
  y: number;
  /** In degrees, clockwise. */
  tilt: number;
  mirrored: boolean;
  /** How far the head is turned, from 0 (to the camera) to 1 (as far as the art allows). */
  turn: number;
}

export type Scene =
  'backdrop' | 'room' | 'windowLight' | 'lights' | 'cafe' | 'study' | 'garden' | 'street' | 'park' | 'promenade';

interface ShotPlan {
  framing: Framing;
  expression: Exclude<keyof Mood, 'eyebrows'>;
  /** Which of the person's outfits. */
  outfit: 0 | 1 | 2 | 3;
  /** Which of the seed's palettes. */
  palette: 0 | 1 | 2 | 3;
  poses: readonly [Pose, ...Pose[]];
  scenes: readonly [Scene, ...Scene[]];
}

/** Where a standing person's feet touch the ground, in the art's units. */
export const soleAt = 766;

const upright = { tilt: 0, mirrored: false, turn: 0 };

export const shotPlans: Readonly<Record<Shot, ShotPlan>> = {
  portrait: {
    framing: { ...upright, scale: 3.7, at: 150, x: 512, y: 560 },
    expression: 'resting',
    outfit: 0,
    palette: 0,
    poses: ['relaxed'],
    scenes: ['backdrop'],
  },
  three_quarter: {
    framing: { ...upright, scale: 3.05, at: 150, x: 452, y: 560, tilt: -2, turn: 0.42 },
    expression: 'easy',
    outfit: 1,
    palette: 1,
    poses: ['relaxed'],
    scenes: ['room'],
  },
  profile: {
    framing: { ...upright, scale: 3.3, at: 150, x: 590, y: 580, tilt: 2, mirrored: true, turn: 1 },
    expression: 'aside',
    outfit: 2,
    palette: 2,
    poses: ['relaxed'],
    scenes: ['windowLight'],
  },
  smiling: {
    framing: { ...upright, scale: 4.7, at: 118, x: 512, y: 530, tilt: 4 },
    expression: 'smiling',
    outfit: 1,
    palette: 3,
    poses: ['relaxed'],
    scenes: ['lights'],
  },
  half_length: {
    framing: { ...upright, scale: 2.12, at: 36, x: 512, y: 150, mirrored: true, turn: 0.16 },
    expression: 'engaged',
    outfit: 3,
    palette: 2,
    poses: ['cup', 'phone', 'crossed', 'pocket', 'hip'],
    scenes: ['cafe', 'study', 'garden'],
  },
  full_length: {
    framing: { ...upright, scale: 1.15, at: soleAt, x: 512, y: 950, turn: 0.16 },
    expression: 'easy',
    outfit: 0,
    palette: 0,
    poses: ['relaxed', 'pocket', 'hip', 'phone'],
    scenes: ['street', 'park', 'promenade'],
  },
};

export const faceOf = (mood: Mood, { expression }: ShotPlan): Face => mood[expression];
