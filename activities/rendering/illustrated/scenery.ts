// The places behind the person, 1024 × 1024 pixels, drawn in the colours of a palette. Close shots have quiet walls; wide ones
// have a floor to stand on.
import { darker, lighter, mixed } from './color.ts';
import type { BackdropPalette } from './palettes.ts';
import type { Scene } from './shot-plans.ts';
import { bushOf, cloudsOf, plantOf, treeOf } from './plants.ts';

type Draw = (palette: BackdropPalette) => string;

const rect = (x: number, y: number, width: number, height: number, fill: string, more = ''): string =>
  `<rect x="${String(x)}" y="${String(y)}" width="${String(width)}" height="${String(height)}" fill="#${fill}"${more}/>`;
const circle = (x: number, y: number, radius: number, fill: string, more = ''): string =>
  `<circle cx="${String(x)}" cy="${String(y)}" r="${String(radius)}" fill="#${fill}"${more}/>`;
const sun = 'f7d48f';
const wall = (top: string, bottom: string): string =>
  `<linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop stop-color="#${top}"/><stop offset="1" stop-color="#${bottom}"/></linearGradient>` +
  '<rect width="1024" height="1024" fill="url(#wall)"/>';

const backdrop: Draw = ({ wall: light, deep }) =>
  wall(mixed(light, deep, 0.35), deep) +
  circle(512, 470, 430, lighter(light, 0.25), ' fill-opacity=".55"') +
  circle(512, 470, 350, lighter(light, 0.45), ' fill-opacity=".5"');

const room: Draw = ({ wall: light, deep, accent, floor }) =>
  wall(light, mixed(light, deep, 0.45)) +
  `<path d="M640 1024V330a140 140 0 0 1 280 0V1024Z" fill="#${mixed(light, deep, 0.7)}"/>` +
  `<path d="M664 1024V336a116 116 0 0 1 232 0V1024Z" fill="#${lighter(light, 0.6)}"/>` +
  `<path d="M664 700q60 -70 116 -30t116 -40V1024H664Z" fill="#${mixed('8fb08a', light, 0.35)}"/>` +
  circle(842, 392, 44, accent, ' fill-opacity=".8"') +
  `<path d="M780 226V1024M664 560H896" stroke="#${mixed(light, deep, 0.7)}" stroke-width="12"/>` +
  rect(88, 150, 190, 250, lighter(light, 0.7)) +
  rect(106, 168, 154, 214, mixed(light, accent, 0.5)) +
  `<path d="M106 382v-70q50 -70 90 -10t64 -20v100Z" fill="#${deep}"/>` +
  plantOf(930, 1040, 1.25, floor);

const windowLight: Draw = ({ wall: light, deep }) =>
  wall(mixed(deep, '2a2f3c', 0.3), mixed(deep, '2a2f3c', 0.52)) +
  `<g fill="#${lighter(light, 0.2)}" fill-opacity=".34"><path d="M40 120L250 60V380L40 440Z"/><path d="M282 50L492 -10V310L282 370Z"/><path d="M40 478L250 418V738L40 798Z"/><path d="M282 408L492 348V668L282 728Z"/></g>` +
  `<path d="M0 960L1024 690V1024H0Z" fill="#000" fill-opacity=".08"/>`;

const lights: Draw = ({ wall: light, deep, accent }) => {
  const spots: readonly (readonly [number, number, number, string, string])[] = [
    [120, 160, 130, accent, '.35'],
    [300, 60, 80, lighter(light, 0.6), '.45'],
    [880, 130, 150, lighter(light, 0.5), '.4'],
    [980, 420, 110, accent, '.4'],
    [60, 520, 120, lighter(light, 0.5), '.35'],
    [190, 800, 90, accent, '.3'],
    [900, 760, 130, lighter(light, 0.6), '.35'],
    [720, 40, 60, accent, '.45'],
    [20, 960, 120, lighter(light, 0.4), '.3'],
  ];
  return (
    wall(mixed(light, accent, 0.25), mixed(deep, accent, 0.2)) +
    spots.map(([x, y, radius, fill, opacity]) => circle(x, y, radius, fill, ` fill-opacity="${opacity}"`)).join('')
  );
};

const lamp = (x: number, length: number, fill: string): string =>
  `<path d="M${String(x)} 0V${String(length)}" stroke="#3a3a40" stroke-width="5"/><path d="M${String(x - 62)} ${String(length + 62)}a62 62 0 0 1 124 0Z" fill="#${fill}"/>` +
  circle(x, length + 66, 20, 'fff3cf');

const cafe: Draw = ({ wall: light, deep, accent, floor }) => {
  const cups = [96, 156, 216, 800, 868, 936]
    .map(
      (x, index) =>
        `<path d="M${String(x)} 318h44l-6 44h-32Z" fill="#${[accent, 'f6f2ea', darker(deep, 0.25)][index % 3] ?? accent}"/>`,
    )
    .join('');
  const tiles = Array.from({ length: 8 }, (_, column) =>
    rect(column * 132 - 8, 480, 124, 58, lighter(light, 0.35), ' rx="6"'),
  ).join('');
  return (
    wall(mixed(light, deep, 0.15), mixed(light, deep, 0.5)) +
    rect(60, 362, 240, 16, darker(floor, 0.2), ' rx="4"') +
    rect(760, 362, 220, 16, darker(floor, 0.2), ' rx="4"') +
    cups +
    tiles +
    tiles.replaceAll('y="480"', 'y="546"').replaceAll('height="58"', 'height="70"') +
    rect(0, 720, 1024, 34, lighter(floor, 0.18)) +
    rect(0, 754, 1024, 270, darker(floor, 0.12)) +
    Array.from({ length: 8 }, (_, index) => rect(24 + index * 128, 790, 96, 240, darker(floor, 0.2), ' rx="6"')).join(
      '',
    ) +
    lamp(190, 70, accent) +
    lamp(838, 110, darker(deep, 0.2))
  );
};

const study: Draw = ({ wall: light, deep, accent, floor }) => {
  const spines = [accent, darker(deep, 0.25), 'f1ebe0', 'b5604a', deep, '44566c', 'd8c7a6'];
  const books = (x: number, y: number, count: number): string =>
    Array.from({ length: count }, (_, index) => {
      const height = 92 + ((index * 37) % 5) * 11;
      return rect(
        x + index * 30,
        y - height,
        26,
        height,
        spines[(index * 3 + count) % spines.length] ?? accent,
        ' rx="3"',
      );
    }).join('');
  return (
    wall(light, mixed(light, deep, 0.45)) +
    [250, 470, 690].map((y) => rect(40, y, 300, 18, darker(floor, 0.1), ' rx="3"')).join('') +
    books(52, 250, 7) +
    books(130, 470, 6) +
    books(52, 690, 5) +
    circle(86, 436, 34, accent) +
    `<path d="M70 466h32l6 4h-44Z" fill="#${darker(accent, 0.3)}"/>` +
    rect(720, 140, 220, 280, lighter(light, 0.65)) +
    rect(742, 162, 176, 236, mixed(deep, accent, 0.25)) +
    circle(830, 270, 56, lighter(accent, 0.35)) +
    `<path d="M742 398v-60q60 -60 100 -8t76 -22v90Z" fill="#${darker(deep, 0.3)}"/>` +
    rect(0, 930, 1024, 94, floor) +
    rect(0, 916, 1024, 16, lighter(light, 0.5)) +
    plantOf(880, 960, 1.5, darker(floor, 0.1))
  );
};

const garden: Draw = ({ wall: light, deep }) =>
  wall(mixed('cfe6f3', light, 0.35), lighter(light, 0.5)) +
  circle(830, 190, 76, sun) +
  cloudsOf(170, 150, 1) +
  `<path d="M0 640q180 -150 380 -40t360 -60q160 -70 284 20V1024H0Z" fill="#${mixed('9fc08f', deep, 0.3)}"/>` +
  treeOf(150, 780, 1.35, '6f9d6a') +
  treeOf(900, 760, 1.1, '7fab6f') +
  `<path d="M0 790q260 -70 520 -20t504 -20V1024H0Z" fill="#${mixed('86ac76', deep, 0.2)}"/>` +
  bushOf(80, 900, 1.1, '5f8d5c') +
  bushOf(930, 910, 1.25, '689862');

const windows = (x: number, y: number, columns: number, rows: number, fill: string): string =>
  Array.from({ length: columns * rows }, (_, index) =>
    rect(x + (index % columns) * 74, y + Math.floor(index / columns) * 108, 46, 70, fill, ' rx="4"'),
  ).join('');

const street: Draw = ({ wall: light, deep, accent, floor }) => {
  const glass = mixed('dcecf3', light, 0.3);
  const awning = (x: number, width: number, fill: string): string =>
    `<path d="M${String(x)} 600h${String(width)}l18 56h-${String(width + 36)}Z" fill="#${fill}"/>` +
    Array.from(
      { length: Math.floor(width / 56) },
      (_, index) => `<path d="M${String(x + 14 + index * 56)} 600h26l4 56h-30Z" fill="#fff" fill-opacity=".55"/>`,
    ).join('');
  return (
    wall(mixed('cfe3f0', light, 0.4), lighter(light, 0.5)) +
    cloudsOf(560, 120, 0.9) +
    rect(0, 150, 330, 700, mixed(light, deep, 0.55)) +
    rect(0, 138, 344, 20, mixed(light, deep, 0.8)) +
    windows(46, 210, 4, 3, glass) +
    rect(330, 290, 330, 560, mixed(light, floor, 0.35)) +
    rect(322, 278, 346, 18, mixed(light, floor, 0.6)) +
    windows(376, 340, 4, 2, glass) +
    rect(660, 190, 364, 660, mixed(deep, accent, 0.22)) +
    rect(652, 178, 372, 20, mixed(deep, accent, 0.1)) +
    windows(716, 250, 4, 3, glass) +
    rect(40, 640, 240, 210, glass) +
    rect(400, 660, 90, 190, darker(deep, 0.35), ' rx="4"') +
    rect(520, 660, 110, 120, glass, ' rx="4"') +
    rect(720, 640, 250, 210, glass) +
    awning(30, 252, accent) +
    awning(712, 252, darker(deep, 0.15)) +
    rect(0, 850, 1024, 174, mixed(floor, 'c9c6c0', 0.65)) +
    rect(0, 850, 1024, 14, mixed(floor, 'e8e5df', 0.75)) +
    `<path d="M150 864L40 1024M400 864L350 1024M640 864L690 1024M880 864L990 1024" stroke="#000" stroke-opacity=".08" stroke-width="4"/>` +
    treeOf(880, 870, 1.05, '6f9d6a') +
    rect(820, 850, 120, 40, darker(floor, 0.25), ' rx="6"')
  );
};

const park: Draw = ({ wall: light, deep }) =>
  wall(mixed('c4e0f2', light, 0.3), lighter(light, 0.6)) +
  circle(190, 190, 70, sun) +
  cloudsOf(640, 160, 1.1) +
  `<path d="M0 560q220 -120 430 -20t594 -70V1024H0Z" fill="#${mixed('a9c79a', deep, 0.3)}"/>` +
  treeOf(120, 790, 1.5, '679660') +
  treeOf(860, 770, 1.7, '76a56b') +
  treeOf(690, 700, 0.8, '84b076') +
  `<path d="M0 760q300 -60 1024 0V1024H0Z" fill="#${mixed('8db57c', deep, 0.12)}"/>` +
  `<path d="M400 1024Q440 860 610 764H660Q620 870 800 1024Z" fill="#${mixed(light, 'e9dcc3', 0.7)}"/>` +
  bushOf(60, 860, 1, '5f8d5c') +
  bushOf(960, 850, 1.1, '5f8d5c');

const promenade: Draw = ({ wall: light, deep, accent, floor }) =>
  wall(mixed('bfe0f0', light, 0.25), mixed(light, 'fff1dc', 0.6)) +
  circle(780, 300, 84, sun) +
  cloudsOf(180, 170, 1) +
  rect(0, 560, 1024, 200, mixed('6fb3c9', deep, 0.35)) +
  `<path d="M640 590h280M600 626h200M720 662h240M60 600h180M120 650h140" stroke="#fff" stroke-opacity=".35" stroke-width="6" stroke-linecap="round"/>` +
  `<path d="M180 560l18 26h110l22 -26Z" fill="#${darker(deep, 0.3)}"/><path d="M246 552V410l74 142Z" fill="#fbf7ef"/><path d="M238 552V440l-48 112Z" fill="#${accent}"/>` +
  rect(0, 744, 1024, 280, mixed(floor, 'e4d6bd', 0.62)) +
  `<path d="M0 820H1024M0 912H1024" stroke="#000" stroke-opacity=".07" stroke-width="4"/>` +
  `<path d="M0 650H1024M0 690H1024" stroke="#${lighter(floor, 0.65)}" stroke-width="9"/>` +
  Array.from({ length: 8 }, (_, index) => rect(30 + index * 136, 632, 14, 122, lighter(floor, 0.65), ' rx="4"')).join(
    '',
  ) +
  plantOf(930, 860, 1.2, darker(floor, 0.1));

const scenes: Readonly<Record<Scene, Draw>> = {
  backdrop,
  room,
  windowLight,
  lights,
  cafe,
  study,
  garden,
  street,
  park,
  promenade,
};

/** Draws the place of a shot. */
export const sceneryOf = (scene: Scene, palette: BackdropPalette): string => scenes[scene](palette);
