/** @file Values of command-line options, refused with a message where they make no sense. */
import { InvalidArgumentError } from 'commander';

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Give a whole number from 1.');
  return count;
}

/** Of an option that may be given again. */
export const collect = (text: string, before: readonly string[]): string[] => [...before, text];

/** Parser of a list separated by commas. */
export const listOf = <T>(parse: (text: string) => T) => (text: string): T[] => text.split(',').map((part) => parse(part.trim()));

/** A list that says nothing twice: the second would only be shown as if it were another. */
export const distinctListOf = <T>(parse: (text: string) => T) => (text: string): T[] => {
  const values = listOf(parse)(text);
  const twice = values.map((value) => JSON.stringify(value)).findIndex((one, n, all) => all.indexOf(one) < n);
  if (twice >= 0) throw new InvalidArgumentError(`${text.split(',')[twice]!.trim()} is there twice.`);
  return values;
};

export function parseDegrees(text: string): number {
  const degrees = Number(text);
  if (text === '' || !Number.isFinite(degrees)) throw new InvalidArgumentError('Give angles in degrees, as in 0,30,90.');
  return degrees;
}

/** Parser of one of a few words. */
export const oneOf = <T extends string>(allowed: readonly T[]) => (text: string): T => {
  const found = allowed.find((word) => word === text);
  if (found === undefined) throw new InvalidArgumentError(`Give ${allowed.join(' or ')}.`);
  return found;
};

export function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0)) throw new InvalidArgumentError('Give minutes above 0.');
  return minutes;
}

/** Of `--patch`, parsed by {@link parseCount}. */
export const patchHelp = 'volumes longer than this along an axis are predicted through windows of this size, weighted by a Gaussian (default: the patch size the model was trained on; else whole up to 160^3 voxels)';
