// Colours are six hex digits without `#`, as the art takes them.

const channelsOf = (color: string): readonly number[] =>
  [0, 2, 4].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

const colorOf = (channels: readonly number[]): string =>
  channels.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('');

/** Mixes two colours; `share` is how much of the second, from 0 to 1. */
export function mixed(first: string, second: string, share: number): string {
  const other = channelsOf(second);
  return colorOf(channelsOf(first).map((channel, at) => channel + ((other[at] ?? channel) - channel) * share));
}

export const darker = (color: string, share: number): string => mixed(color, '14121a', share);
export const lighter = (color: string, share: number): string => mixed(color, 'ffffff', share);

/** How different two colours are, from 0 to 1. */
export function distanceOf(first: string, second: string): number {
  const other = channelsOf(second);
  return Math.hypot(...channelsOf(first).map((channel, at) => channel - (other[at] ?? channel))) / (255 * Math.sqrt(3));
}
