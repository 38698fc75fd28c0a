/** @file Weights as the row kernel wants them: transformed along x, in panels of 8 output channels, zero where channels are missing. */
import { loadF32, loadV128, type ModuleBuilder } from '../../assembler';
import { blockBytes, blockChannels, blockVectors, copyBlock } from './blocks';
import { combine, type LineTransform } from './line-transform';

/** Panels [block, point, z, y, input, 8]. */
export const panelBytes = (transform: LineTransform, blocks: number, inputs: number): number => blocks * transform.points * transform.taps ** 2 * inputs * blockBytes;
/** Scratch for one block at every tap of a line. */
export const blockScratchBytes = (transform: LineTransform): number => transform.taps * blockBytes;

/**
 * One work item is one block at one (z, y) of the kernel. Strides in bytes say where the next input, output and tap along x of the weights are; the gradient
 * with respect to the input swaps the first two and walks the taps backwards from the last.
 */
export const packWeightsKernel = (m: ModuleBuilder, transform: LineTransform) =>
  m.kernel(
    'packWeights',
    { weights: 'i32', panels: 'i32', blocks: 'i32', inputs: 'i32', outputs: 'i32', inputStride: 'i32', outputStride: 'i32', tapStride: 'i32' },
    (f, p, item, scratch) => {
      const { taps, points } = transform;
      const lines = taps ** 2;
      // neighbouring blocks share cache lines of the weights
      const block = f.i32(item.rem(p.blocks));
      const line = f.i32(item.div(p.blocks));
      const count = f.i32(p.outputs.sub(block.mul(blockChannels)).min(blockChannels));
      const panelStride = f.i32(p.inputs.mul(lines * blockBytes));
      const wholeVectors = f.i32(count.eq(blockChannels).and(p.outputStride.eq(4)));
      const firstPanel = f.i32(p.panels.add(block.mul(points * lines).add(line).mul(p.inputs).mul(blockBytes)));
      const firstWeight = f.i32(p.weights.add(block.mul(blockChannels).mul(p.outputStride)).add(line.mul(taps).mul(p.tapStride)));
      const [source, gathered, panel] = [f.i32(), f.i32(), f.i32()];
      const vectors = Array.from({ length: taps }, () => f.v128());

      f.fillZero(scratch, taps * blockBytes);
      f.times(p.inputs, () => {
        for (let tap = 0; tap < taps; tap++) {
          f.set(source, firstWeight.add(p.tapStride.mul(tap)));
          f.if(
            wholeVectors,
            () => copyBlock(f, f.i32(scratch.add(tap * blockBytes)), source, count),
            () => {
              f.set(gathered, scratch);
              f.times(count, () => {
                f.store(gathered, loadF32(source), tap * blockBytes);
                f.advance(source, p.outputStride);
                f.advance(gathered, 4);
              });
            },
          );
        }
        for (let j = 0; j < blockVectors; j++) {
          vectors.forEach((vector, tap) => f.set(vector, loadV128(scratch, tap * blockBytes + 16 * j)));
          f.set(panel, firstPanel);
          for (const row of transform.kernel) {
            f.store(panel, combine(f, row, vectors), 16 * j);
            f.advance(panel, panelStride);
          }
        }
        f.advance(firstWeight, p.inputStride);
        f.advance(firstPanel, blockBytes);
      });
    },
  );
