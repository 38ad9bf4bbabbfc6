// Colours of the places in which shots are taken.

export interface BackdropPalette {
  wall: string;
  deep: string;
  accent: string;
  floor: string;
}

export const backdropPalettes = {
  sage: { wall: 'd3dfcd', deep: '9dba9c', accent: 'e9b872', floor: 'b69a78' },
  peach: { wall: 'f5d6c1', deep: 'e5a789', accent: '6f9a96', floor: 'b98366' },
  sky: { wall: 'cfe3f0', deep: '8fb9d6', accent: 'f2b866', floor: 'a3aab5' },
  lilac: { wall: 'ddd5ec', deep: 'ad9cd2', accent: 'f0c27e', floor: '97899f' },
  sand: { wall: 'eee0c8', deep: 'd2b487', accent: '7d9a7a', floor: 'a98661' },
  rose: { wall: 'f3d5d8', deep: 'd9979f', accent: '7792b4', floor: 'a87f80' },
  lagoon: { wall: 'c7e2de', deep: '7db6ae', accent: 'f0a27c', floor: '9c9384' },
  slate: { wall: 'd5dbe4', deep: '97a6ba', accent: 'eab46c', floor: '8b8f98' },
} as const satisfies Record<string, BackdropPalette>;
