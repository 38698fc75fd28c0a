/** @file The loop of every convolution with zero padding and unchanged size. */

/** Visits each tap with each pair of voxels it joins: y(to) reads x(from) with from = to + offset, where both lie in the volume [batch, z, y, x]. */
export function forEachTap(shape: readonly number[], offsets: readonly (readonly [x: number, y: number, z: number])[], visit: (tap: number, from: number, to: number) => void): void {
  const [batch, depth, height, width] = shape;
  const inside = (n: number, size: number): boolean => n >= 0 && n < size;
  offsets.forEach(([ox, oy, oz], tap) => {
    for (let b = 0; b < batch; b++) for (let z = 0; z < depth; z++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      if (inside(z + oz, depth) && inside(y + oy, height) && inside(x + ox, width)) visit(tap, ((b * depth + z + oz) * height + y + oy) * width + x + ox, ((b * depth + z) * height + y) * width + x);
    }
  });
}
