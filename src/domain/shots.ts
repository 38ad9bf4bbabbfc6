// The pictures of a reference set, in the order in which they are shown, and the order in which a renderer draws them.

export const shots = ['portrait', 'three_quarter', 'profile', 'smiling', 'half_length', 'full_length'] as const;
export type Shot = (typeof shots)[number];

export const shotStatuses = ['pending', 'rendering', 'rendered', 'failed'] as const;
export type ShotStatus = (typeof shotStatuses)[number];

/** Edge of a reference image and of its thumbnail, in pixels. */
export const imageSize = 1024;
export const thumbnailSize = 256;

/** The renderers that our workers draw with. */
const builtInRenderers = ['illustrated', 'ai'] as const;
export type BuiltInRenderer = (typeof builtInRenderers)[number];

/** Those that are programs of their own, in any language: without a database, they ask the API for what they draw. */
const externalRenderers = ['studio'] as const;

/** Whether a renderer's drawings come from a program that is not a worker of ours. */
export const isExternal = (renderer: RendererName): boolean =>
  (externalRenderers as readonly RendererName[]).includes(renderer);

export const rendererNames = [...builtInRenderers, ...externalRenderers] as const;
export type RendererName = (typeof rendererNames)[number];

const atOnce = (wanted: readonly Shot[]): Shot[][] => (wanted.length === 0 ? [] : [[...wanted]]);

/**
 * How each renderer goes about the shots that are wanted: one wave after the other, the shots of a wave at once. Where a model
 * draws, one goes first, the anchor that the others are made to look like; one that the job has already (`hasAnchor`) will do.
 */
export const wavesOf: Record<RendererName, (wanted: readonly Shot[], hasAnchor: boolean) => Shot[][]> = {
  illustrated: atOnce,
  ai: (wanted, hasAnchor) => (hasAnchor ? atOnce(wanted) : [...atOnce(wanted.slice(0, 1)), ...atOnce(wanted.slice(1))]),
  studio: atOnce,
};

/** The waves that are left after one of which nothing was rendered: the first of the next shots is the anchor then. */
export function wavesAfterLost([next, ...others]: readonly Shot[][]): Shot[][] {
  return next === undefined ? [] : [...wavesOf.ai(next, false), ...others];
}
