/** @file Which levels of a U-Net keep what their gradient needs, and which compute it again: a function of spec and shape, so that the same step takes the same time and memory everywhere. */

/** Bytes the blocks of all levels may keep together: a third of WebAssembly's 4 GiB is left for what a step makes besides, and for the process. */
export const keptBytesLimit = 2.5 * 2 ** 30;

/**
 * The number of levels, from the top, whose blocks keep only their inputs: as few as the limit allows, because recomputing costs their forward pass once more.
 * @param keptBytes what each block of each level keeps if it is not recomputed
 */
export function recomputedLevels(keptBytes: readonly (readonly number[])[], limit = keptBytesLimit): number {
  /** Of the recomputed blocks, one is there at a time. */
  const neededWith = (levels: number): number => keptBytes.slice(levels).flat().reduce((sum, bytes) => sum + bytes, 0) + Math.max(0, ...keptBytes.slice(0, levels).flat());
  const levels = keptBytes.findIndex((_, count) => neededWith(count) <= limit);
  return levels < 0 ? keptBytes.length : levels;
}
