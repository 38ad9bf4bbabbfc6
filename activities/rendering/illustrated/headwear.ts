// Head coverings that the art does not have.
import type { Avatar } from './avatar.ts';
import { darker } from './color.ts';

/** Draws a beanie or a cap. */
export function headwearOf({ ownHeadwear, headwearColor }: Avatar): string {
  if (ownHeadwear === 'beanie') {
    const ribs = Array.from({ length: 11 }, (_, index) => `M${String(72 + index * 12)} 58v20`).join('');
    return (
      `<path d="M66 72C62 16 96 -8 132 -8S202 16 198 72Z" fill="#${headwearColor}"/>` +
      '<path d="M112 -6Q92 26 92 58M152 -6Q172 26 172 58M132 -8V58" fill="none" stroke="#000" stroke-opacity=".08" stroke-width="4"/>' +
      `<rect x="60" y="54" width="144" height="28" rx="10" fill="#${darker(headwearColor, 0.16)}"/>` +
      `<path d="${ribs}" stroke="#000" stroke-opacity=".1" stroke-width="3" stroke-linecap="round"/>`
    );
  }
  if (ownHeadwear === 'cap') {
    return (
      `<path d="M68 82C64 26 98 4 132 4S200 26 196 82Z" fill="#${headwearColor}"/>` +
      '<path d="M104 10Q90 40 90 76M160 10Q174 40 174 76" fill="none" stroke="#000" stroke-opacity=".1" stroke-width="3"/>' +
      `<circle cx="132" cy="4" r="5" fill="#${darker(headwearColor, 0.2)}"/>` +
      `<path d="M62 84Q132 48 202 84Q212 98 194 97Q132 76 70 97Q52 98 62 84Z" fill="#${darker(headwearColor, 0.22)}"/>`
    );
  }
  return '';
}
