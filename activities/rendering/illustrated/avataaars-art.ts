// Takes Avataaars apart into its layers, so that a body can stand below it and the face can turn on the head.
import { create } from '@dicebear/avataaars';
import type { Options } from '@dicebear/avataaars';
import type { Prng } from '@dicebear/core';

export interface ArtLayers {
  clothing: string;
  mouth: string;
  nose: string;
  eyes: string;
  eyebrows: string;
  top: string;
  facialHair: string;
  accessories: string;
}

/** Where the art puts its layers, in its drawing order; its head and shoulders come before the first. */
const slots: readonly [layer: keyof ArtLayers, place: string][] = [
  ['clothing', 'translate(0 170)'],
  ['mouth', 'translate(78 134)'],
  ['nose', 'translate(104 122)'],
  ['eyes', 'translate(76 90)'],
  ['eyebrows', 'translate(76 82)'],
  ['top', 'translate(-1)'],
  ['facialHair', 'translate(49 72)'],
  ['accessories', 'translate(62 42)'],
];

/** Refuses to choose: an option that is not pinned is our mistake, and would make pictures depend on DiceBear's own numbers. */
const nothingToChoose: Prng = {
  seed: '',
  next: () => undefined,
  bool: (likelihood = 50) => {
    if (likelihood !== 0 && likelihood !== 100) {
      throw new Error(`A probability is left open: ${String(likelihood)}.`);
    }
    return likelihood === 100;
  },
  integer: (min) => min,
  pick: <Option>(options: Option[], fallback?: Option): Option => {
    const [only] = options;
    if (options.length > 1 || (only ?? fallback) === undefined) {
      throw new Error(`An option is left open: ${JSON.stringify(options)}.`);
    }
    return (only ?? fallback) as Option;
  },
  shuffle: (options) => options,
  string: () => '',
};

/** Draws the art's layers in its own units: a head in the middle of 264 × 280. All options must be pinned. */
export function artLayersOf(options: Options): ArtLayers {
  // A copy, since the art changes its options.
  const { body } = create({ prng: nothingToChoose, options: { ...options } });
  const marks = slots.map(([, place]) => `<g transform="${place}">`);
  const layers = {
    clothing: '',
    mouth: '',
    nose: '',
    eyes: '',
    eyebrows: '',
    top: '',
    facialHair: '',
    accessories: '',
  };
  let from = 0;
  slots.forEach(([layer, place], index) => {
    const start = body.indexOf(marks[index] ?? '', from);
    const next = marks[index + 1];
    const end = next === undefined ? body.length - '</g>'.length : body.indexOf(next, start);
    if (start < 0 || end < start) {
      throw new Error(`The art has no layer at ${place}.`);
    }
    layers[layer] = body.slice(start, end);
    from = end;
  });
  return layers;
}
