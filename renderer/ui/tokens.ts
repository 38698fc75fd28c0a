/** @file Colour tokens (styles/tokens.css) as numbers, for what draws on canvases and in WebGL. */

export type Rgb = readonly [red: number, green: number, blue: number];
/** Structures beyond this many repeat the colours. */
const structureColours = 7;

const known = new Map<string, Rgb>();

/** Of a token that is the same in both themes, written as #rrggbb, which the build may shorten to #rgb. */
export function tokenRgb(token: string): Rgb {
  const found = known.get(token);
  if (found) return found;
  const hex = getComputedStyle(document.documentElement).getPropertyValue(token).trim().slice(1);
  const number = Number.parseInt(hex.length === 3 ? hex.replace(/./g, '$&$&') : hex, 16);
  const rgb: Rgb = [number >> 16, (number >> 8) & 255, number & 255];
  known.set(token, rgb);
  return rgb;
}

/** Token of a structure by its place in the case's list. */
export const structureToken = (index: number): string => `--struct-${(index % structureColours) + 1}`;
