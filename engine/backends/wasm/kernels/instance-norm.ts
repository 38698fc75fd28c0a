/** @file Equivariant instance norm, its gradient and its statistics: one pass over the voxels for sums, one that writes. */
import { copies, scalarCopies } from '../../../math/so3/irreps';
import type { NormSize } from '../../../ops/operators';
import type { KernelFactory } from './kernel';
import { channelAffine } from './norm/channel-affine';
import { channelSums, type ChannelSums } from './norm/channel-sums';
import { copyLayout, forEachBatchItem, type CopyLayout } from './norm/copy-layout';
import { copyNorms } from './norm/copy-norms';

export const instanceNorm: KernelFactory<'InstanceNorm' | 'InstanceNormBackward' | 'NormStatistics'> = (backend) => {
  const { heap } = backend.machine;
  const [sumsOf, affine, norms] = [channelSums(backend), channelAffine(backend), copyNorms(backend)];
  /** The squared size of each copy: its mean square component, or the square of its mean norm. */
  const squaresOf = ({ squares }: ChannelSums, x: number, layout: CopyLayout, by: NormSize | undefined): Float64Array => {
    const means = by === 'mean-norm' ? norms.means(x, layout) : undefined;
    return Float64Array.from(layout.channelCopies, ({ start, size, copy, scalar }) =>
      means && scalar === undefined ? means[copy] ** 2 : squares.subarray(start, start + size).reduce((sum, square) => sum + square, 0) / (layout.voxels * size),
    );
  };

  return {
    InstanceNorm: ({ x, weight, bias }, { irreps, epsilon, by }) => {
      const y = backend.output(x.shape);
      const layout = copyLayout(x, irreps);
      const { voxels, channels, centred, channelCopies } = layout;
      const [weights, biases] = [weight, bias].map((tensor) => heap.floats(tensor.pointer, tensor.size));
      forEachBatchItem(x, (offset) => {
        const sums = sumsOf(x.pointer + offset, undefined, voxels, centred);
        const squares = squaresOf(sums, x.pointer + offset, layout, by);
        const [scale, shift] = [new Float64Array(channels), new Float64Array(channels)];
        for (const { start, size, copy, scalar } of channelCopies) {
          scale.fill(weights[copy] / Math.sqrt(squares[copy] + epsilon), start, start + size);
          if (scalar !== undefined) shift[start] = biases[scalar];
        }
        affine({ x: x.pointer + offset, y: y.pointer + offset, voxels }, [sums.mean, scale, shift]);
      });
      return [y.info];
    },
    InstanceNormBackward: ({ dy, x, weight }, { irreps, epsilon, by }) => {
      const [dx, dweight, dbias] = [backend.output(x.shape), backend.output(weight.shape), backend.output([scalarCopies(irreps)])];
      const layout = copyLayout(x, irreps);
      const { voxels, channels, centred, channelCopies } = layout;
      const weights = heap.floats(weight.pointer, weight.size);
      const [gradientOfWeight, gradientOfBias] = [new Float64Array(copies(irreps)), new Float64Array(scalarCopies(irreps))];
      forEachBatchItem(x, (offset) => {
        const sums = sumsOf(x.pointer + offset, dy.pointer + offset, voxels, centred);
        const squares = squaresOf(sums, x.pointer + offset, layout, by);
        // dx = weight (s (dy - <dy>) - s^3 <dy (x - mean)> x'), <> the mean over a copy's elements, <dy> for even scalars only; x' is x - mean, or by mean norm sqrt(q) x / |x| times the components
        const [ofX, meanGradient, ofGradient] = [new Float64Array(channels), new Float64Array(channels), new Float64Array(channels)];
        for (const { start, size, copy, scalar } of channelCopies) {
          const s = 1 / Math.sqrt(squares[copy] + epsilon);
          const product = sums.products.subarray(start, start + size).reduce((sum, value) => sum + value, 0);
          gradientOfWeight[copy] += product * s;
          ofGradient.fill(weights[copy] * s, start, start + size);
          const slope = by === 'mean-norm' && scalar === undefined ? Math.sqrt(squares[copy]) / voxels : 1 / (voxels * size);
          ofX.fill(-weights[copy] * s ** 3 * product * slope, start, start + size);
          if (scalar === undefined) continue;
          meanGradient[start] = sums.gradients[start] / voxels;
          gradientOfBias[scalar] += sums.gradients[start];
        }
        const write = (from: number): void => affine({ x: from, dy: dy.pointer + offset, y: dx.pointer + offset, voxels }, [sums.mean, ofX, meanGradient, ofGradient]);
        if (by !== 'mean-norm') write(x.pointer + offset);
        else heap.borrow(voxels * channels * 4, (units) => {
          norms.units(x.pointer + offset, units, layout);
          write(units);
        });
      });
      heap.floats(dweight.pointer, dweight.size).set(gradientOfWeight);
      heap.floats(dbias.pointer, dbias.size).set(gradientOfBias);
      return [dx.info, dweight.info, dbias.info];
    },
    NormStatistics: ({ x }, { irreps, by }) => {
      const [mean, square] = [backend.output([x.shape[0], scalarCopies(irreps)]), backend.output([x.shape[0], copies(irreps)])];
      const layout = copyLayout(x, irreps);
      const scalars = layout.channelCopies.filter(({ scalar }) => scalar !== undefined);
      forEachBatchItem(x, (offset, item) => {
        const sums = sumsOf(x.pointer + offset, undefined, layout.voxels, layout.centred);
        heap.floats(square.pointer, square.size).set(squaresOf(sums, x.pointer + offset, layout, by), item * layout.channelCopies.length);
        heap.floats(mean.pointer, mean.size).set(scalars.map(({ start }) => sums.mean[start]), item * scalars.length);
      });
      return [mean.info, square.info];
    },
  };
};
