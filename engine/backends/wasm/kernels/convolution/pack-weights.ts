/** @file Weights as the row kernel wants them: transformed along x and y, in panels of 8 output channels, zero where channels are missing. */
import { loadF32, loadV128, type ModuleBuilder } from '../../assembler';
import { blockBytes, blockChannels, blockVectors } from './blocks';
import { combine, type PlaneTransform } from './line-transform';

/** Panels [block, point of y, point of x, z, input, 8]. */
export const panelBytes = ({ points, alongX: { taps } }: PlaneTransform, blocks: number, inputs: number): number => blocks * points * taps * inputs * blockBytes;
/** Scratch: one block at every tap of a line, and lines of the kernel transformed along x [y, point], one vector each. */
export const packScratchBytes = ({ alongX: { taps, points } }: PlaneTransform): number => taps * blockBytes + taps * points * 16;

/**
 * One work item is one block at one z of the kernel. Strides in bytes say where the next input, output and tap along x of the weights are; the gradient
 * with respect to the input swaps the first two and walks the taps backwards from the last.
 */
export const packWeightsKernel = (m: ModuleBuilder, { alongX, alongY, points }: PlaneTransform) =>
  m.kernel(
    'packWeights',
    { weights: 'i32', panels: 'i32', blocks: 'i32', inputs: 'i32', outputs: 'i32', inputStride: 'i32', outputStride: 'i32', tapStride: 'i32' },
    (f, p, item, scratch) => {
      const { taps } = alongX;
      // neighbouring blocks share cache lines of the weights
      const block = f.i32(item.rem(p.blocks));
      const tapZ = f.i32(item.div(p.blocks));
      const count = f.i32(p.outputs.sub(block.mul(blockChannels)).min(blockChannels));
      const panelStride = f.i32(p.inputs.mul(taps * blockBytes));
      const wholeVectors = f.i32(count.eq(blockChannels).and(p.outputStride.eq(4)));
      const firstPanel = f.i32(p.panels.add(block.mul(points * taps).add(tapZ).mul(p.inputs).mul(blockBytes)));
      const firstWeight = f.i32(p.weights.add(block.mul(blockChannels).mul(p.outputStride)).add(tapZ.mul(taps * taps).mul(p.tapStride)));
      const [line, source, gathered, panel] = [f.i32(), f.i32(), f.i32(), f.i32()];
      const vectors = Array.from({ length: taps }, () => f.v128());
      const transformed = (tapY: number, point: number): number => taps * blockBytes + (tapY * alongX.points + point) * 16;

      f.fillZero(scratch, taps * blockBytes);
      f.times(p.inputs, () => {
        for (let j = 0; j < blockVectors; j++) {
          f.set(line, firstWeight);
          for (let tapY = 0; tapY < taps; tapY++) {
            vectors.forEach((vector, tap) => {
              f.set(source, line.add(p.tapStride.mul(tap)));
              f.if(
                wholeVectors,
                () => f.set(vector, loadV128(source, 16 * j)),
                () => {
                  f.set(gathered, scratch);
                  f.times(count, () => {
                    f.store(gathered, loadF32(source), tap * blockBytes);
                    f.advance(source, p.outputStride);
                    f.advance(gathered, 4);
                  });
                  f.set(vector, loadV128(scratch, tap * blockBytes + 16 * j));
                },
              );
            });
            alongX.kernel.forEach((row, point) => f.store(scratch, combine(f, row, vectors), transformed(tapY, point)));
            f.advance(line, p.tapStride.mul(taps));
          }
          for (let point = 0; point < alongX.points; point++) {
            vectors.forEach((vector, tapY) => f.set(vector, loadV128(scratch, transformed(tapY, point))));
            f.set(panel, firstPanel.add(panelStride.mul(point)));
            for (const row of alongY.kernel) {
              f.store(panel, combine(f, row, vectors), 16 * j);
              f.advance(panel, panelStride.mul(alongX.points));
            }
          }
        }
        f.advance(firstWeight, p.inputStride);
        f.advance(firstPanel, blockBytes);
      });
    },
  );
