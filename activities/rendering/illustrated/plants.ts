// Plants and clouds that several places share, in pixels.
import { darker, lighter } from './color.ts';

const at = (x: number, y: number, scale: number, drawing: string): string =>
  `<g transform="translate(${String(x)} ${String(y)}) scale(${String(scale)})">${drawing}</g>`;

/** A potted plant that stands at (`x`, `y`). */
export const plantOf = (x: number, y: number, scale: number, pot: string): string =>
  at(
    x,
    y,
    scale,
    '<g fill="#5d8f63"><path d="M0 -70C-60 -110 -100 -180 -84 -240C-40 -210 -6 -150 0 -70Z"/><path d="M0 -70C60 -110 104 -170 92 -226C46 -204 8 -150 0 -70Z"/></g>' +
      '<g fill="#76a873"><path d="M0 -70C-24 -150 -22 -220 6 -276C36 -220 30 -140 0 -70Z"/><path d="M0 -66C-50 -80 -110 -90 -136 -150C-80 -160 -24 -130 0 -66Z"/><path d="M0 -66C50 -80 112 -86 140 -136C84 -154 24 -130 0 -66Z"/></g>' +
      `<path d="M-48 -76H48L36 0H-36Z" fill="#${pot}"/><path d="M-54 -84H54V-64H-54Z" fill="#${darker(pot, 0.15)}"/>`,
  );

/** A tree whose trunk stands at (`x`, `y`). */
export const treeOf = (x: number, y: number, scale: number, leaves: string): string =>
  at(
    x,
    y,
    scale,
    '<path d="M-10 0L-7 -130H7L10 0Z" fill="#8a6a4d"/><path d="M0 -90L34 -130M0 -70L-30 -112" stroke="#8a6a4d" stroke-width="8" stroke-linecap="round"/>' +
      `<g fill="#${leaves}"><circle cx="0" cy="-210" r="82"/><circle cx="-60" cy="-158" r="58"/><circle cx="60" cy="-160" r="60"/></g>` +
      `<g fill="#${lighter(leaves, 0.16)}"><circle cx="-22" cy="-236" r="44"/><circle cx="34" cy="-196" r="32"/></g>`,
  );

/** A bush that grows from (`x`, `y`). */
export const bushOf = (x: number, y: number, scale: number, leaves: string): string =>
  at(
    x,
    y,
    scale,
    `<g fill="#${leaves}"><circle cx="-64" cy="-20" r="56"/><circle cx="0" cy="-46" r="70"/><circle cx="70" cy="-16" r="58"/><rect x="-120" y="-20" width="248" height="60" rx="30"/></g>` +
      `<g fill="#${lighter(leaves, 0.15)}"><circle cx="-16" cy="-66" r="34"/><circle cx="60" cy="-34" r="24"/></g>`,
  );

/** Two clouds whose left one begins at (`x`, `y`). */
export const cloudsOf = (x: number, y: number, scale: number): string =>
  at(
    x,
    y,
    scale,
    '<g fill="#fff" fill-opacity=".8"><path d="M0 0h150a34 34 0 0 0 -6 -66a56 56 0 0 0 -104 -8a38 38 0 0 0 -40 74Z"/><path d="M230 -50h96a22 22 0 0 0 -4 -42a36 36 0 0 0 -66 -6a24 24 0 0 0 -26 48Z"/></g>',
  );
