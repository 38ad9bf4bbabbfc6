// The pictures of a reference set, in the order in which they are shown, and the order in which a renderer draws them.

export const shots = ['portrait', 'three_quarter', 'profile', 'smiling', 'half_length', 'full_length'] as const;
export type Shot = (typeof shots)[number];

export const shotStatuses = ['pending', 'rendering', 'rendered', 'failed'] as const;
export type ShotStatus = (typeof shotStatuses)[number];

/** Edge of a reference image and of its thumbnail, in pixels. */
export const imageSize = 1024;
export const thumbnailSize = 256;

export type RendererName = 'illustrated';

/** How each renderer goes about a set: one wave after the other, the shots of a wave at once. */
export const wavesOf: Record<RendererName, (wanted: readonly Shot[]) => Shot[][]> = {
  illustrated: (wanted) => (wanted.length === 0 ? [] : [[...wanted]]),
};
