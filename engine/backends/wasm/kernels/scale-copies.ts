/** @file One factor a copy and a shift of the even scalars, and the gradients of both. */
import { copies, scalarCopies } from '../../../math/so3/irreps';
import type { KernelFactory } from './kernel';
import { channelAffine } from './norm/channel-affine';
import { channelSums } from './norm/channel-sums';
import { copyLayout, forEachBatchItem } from './norm/copy-layout';

export const scaleCopies: KernelFactory<'ScaleCopies' | 'ScaleCopiesBackward'> = (backend) => {
  const { heap } = backend.machine;
  const [sumsOf, affine] = [channelSums(backend), channelAffine(backend)];
  return {
    ScaleCopies: ({ x, scale, shift }, { irreps }) => {
      const y = backend.output(x.shape);
      const { voxels, channels, channelCopies } = copyLayout(x, irreps);
      const [factors, shifts] = [scale, shift].map((tensor) => heap.floats(tensor.pointer, tensor.size));
      forEachBatchItem(x, (offset, item) => {
        const [none, ofX, constant] = [new Float64Array(channels), new Float64Array(channels), new Float64Array(channels)];
        for (const { start, size, copy, scalar } of channelCopies) {
          ofX.fill(factors[item * channelCopies.length + copy], start, start + size);
          if (scalar !== undefined) constant[start] = shifts[scalar];
        }
        affine({ x: x.pointer + offset, y: y.pointer + offset, voxels }, [none, ofX, constant]);
      });
      return [y.info];
    },
    ScaleCopiesBackward: ({ dy, x }, { irreps }) => {
      const [dscale, dshift] = [backend.output([x.shape[0], copies(irreps)]), backend.output([scalarCopies(irreps)])];
      const { voxels, centred, channelCopies } = copyLayout(x, irreps);
      const ofShift = new Float64Array(scalarCopies(irreps));
      forEachBatchItem(x, (offset, item) => {
        const { mean, gradients, products } = sumsOf(x.pointer + offset, dy.pointer + offset, voxels, centred);
        const ofScale = channelCopies.map(({ start, size, scalar }) => {
          if (scalar === undefined) return products.subarray(start, start + size).reduce((sum, product) => sum + product, 0);
          ofShift[scalar] += gradients[start];
          // products of even scalars are about their mean
          return products[start] + mean[start] * gradients[start];
        });
        heap.floats(dscale.pointer, dscale.size).set(ofScale, item * channelCopies.length);
      });
      heap.floats(dshift.pointer, dshift.size).set(ofShift);
      return [dscale.info, dshift.info];
    },
  };
};
