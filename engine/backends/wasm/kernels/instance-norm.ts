/** @file Equivariant instance norm, alone or with a gate behind it, its gradient and its statistics: one pass over the voxels for sums, one that writes. */
import { gateInputIrreps } from '../../../math/so3/gate-irreps';
import { copies, dimension, scalarCopies, type Irreps } from '../../../math/so3/irreps';
import type { NormAttributes, NormSize } from '../../../ops/operators';
import type { HeapTensor } from '../backend';
import { gatePasses } from './gate/gate-passes';
import type { KernelFactory } from './kernel';
import { channelAffine } from './norm/channel-affine';
import { channelSums, type ChannelSums } from './norm/channel-sums';
import { copyLayout, forEachBatchItem, type CopyLayout } from './norm/copy-layout';
import { copyNorms } from './norm/copy-norms';
import { gradientCoefficients, normCoefficients } from './norm/norm-coefficients';

type Names = 'InstanceNorm' | 'InstanceNormBackward' | 'NormStatistics' | 'GatedInstanceNorm' | 'GatedInstanceNormBackward';

export const instanceNorm: KernelFactory<Names> = (backend) => {
  const { heap } = backend.machine;
  const [sumsOf, affine, norms, gated] = [channelSums(backend), channelAffine(backend), copyNorms(backend), gatePasses(backend)];
  const valuesOf = ({ pointer, size }: HeapTensor): Float32Array => heap.floats(pointer, size);
  /** The squared size of each copy: its mean square component, or the square of its mean norm. */
  const squaresOf = ({ squares }: ChannelSums, x: number, layout: CopyLayout, by: NormSize | undefined): Float64Array => {
    const means = by === 'mean-norm' ? norms.means(x, layout) : undefined;
    return Float64Array.from(layout.channelCopies, ({ start, size, copy, scalar }) =>
      means && scalar === undefined ? means[copy] ** 2 : squares.subarray(start, start + size).reduce((sum, square) => sum + square, 0) / (layout.voxels * size),
    );
  };
  /** Statistics of one batch item at x, with those of dy where it is given. */
  function normOf(x: number, dy: number | undefined, layout: CopyLayout, weight: HeapTensor, { epsilon, by }: NormAttributes) {
    const sums = sumsOf(x, dy, layout.voxels, layout.centred);
    return { sums, norm: { layout, mean: sums.mean, squares: squaresOf(sums, x, layout, by), weights: valuesOf(weight), epsilon } };
  }
  /** Hands over what the gradient of a norm is taken off along: x, or by mean norm its copies' directions. */
  const withDirections = (x: number, layout: CopyLayout, by: NormSize | undefined, use: (along: number) => void): void => {
    if (by !== 'mean-norm') return use(x);
    heap.borrow(layout.voxels * layout.channels * 4, (along) => {
      norms.units(x, along, layout);
      use(along);
    });
  };
  /** Tensors of a gradient, which `visit` adds to and writes batch item by batch item. */
  function gradientsOf(x: HeapTensor, weight: HeapTensor, irreps: Irreps, visit: (offset: number, dx: number, layout: CopyLayout, into: { weight: Float64Array; bias: Float64Array }, item: number) => void) {
    const [dx, dweight, dbias] = [backend.output(x.shape), backend.output(weight.shape), backend.output([scalarCopies(irreps)])];
    const layout = copyLayout(x, irreps);
    const into = { weight: new Float64Array(copies(irreps)), bias: new Float64Array(scalarCopies(irreps)) };
    forEachBatchItem(x, (offset, item) => visit(offset, dx.pointer + offset, layout, into, item));
    valuesOf(dweight).set(into.weight);
    valuesOf(dbias).set(into.bias);
    return [dx.info, dweight.info, dbias.info];
  }

  return {
    InstanceNorm: ({ x, weight, bias }, attributes) => {
      const y = backend.output(x.shape);
      const layout = copyLayout(x, attributes.irreps);
      forEachBatchItem(x, (offset) => {
        const { norm } = normOf(x.pointer + offset, undefined, layout, weight, attributes);
        affine({ x: x.pointer + offset, y: y.pointer + offset, voxels: layout.voxels }, normCoefficients(norm, valuesOf(bias)));
      });
      return [y.info];
    },
    InstanceNormBackward: ({ dy, x, weight }, attributes) =>
      gradientsOf(x, weight, attributes.irreps, (offset, dx, layout, into) => {
        const { sums, norm } = normOf(x.pointer + offset, dy.pointer + offset, layout, weight, attributes);
        const coefficients = gradientCoefficients(norm, sums, attributes.by, into);
        withDirections(x.pointer + offset, layout, attributes.by, (along) => affine({ x: along, dy: dy.pointer + offset, y: dx, voxels: layout.voxels }, [norm.mean, ...coefficients]));
      }),
    NormStatistics: ({ x }, { irreps, by }) => {
      const [mean, square] = [backend.output([x.shape[0], scalarCopies(irreps)]), backend.output([x.shape[0], copies(irreps)])];
      const layout = copyLayout(x, irreps);
      const scalars = layout.channelCopies.filter(({ scalar }) => scalar !== undefined);
      forEachBatchItem(x, (offset, item) => {
        const sums = sumsOf(x.pointer + offset, undefined, layout.voxels, layout.centred);
        valuesOf(square).set(squaresOf(sums, x.pointer + offset, layout, by), item * layout.channelCopies.length);
        valuesOf(mean).set(scalars.map(({ start }) => sums.mean[start]), item * scalars.length);
      });
      return [mean.info, square.info];
    },
    GatedInstanceNorm: ({ x, weight, bias }, { irreps, ...rest }) => {
      const attributes = { irreps: gateInputIrreps(irreps), ...rest };
      const channels = dimension(irreps);
      const y = backend.output([...x.shape.slice(0, -1), channels]);
      const layout = copyLayout(x, attributes.irreps);
      forEachBatchItem(x, (offset, item) => {
        const { norm } = normOf(x.pointer + offset, undefined, layout, weight, attributes);
        gated.forward(irreps, { x: x.pointer + offset, y: y.pointer + item * layout.voxels * channels * 4, voxels: layout.voxels }, normCoefficients(norm, valuesOf(bias)));
      });
      return [y.info];
    },
    GatedInstanceNormBackward: ({ dy, x, weight, bias }, { irreps, ...rest }) => {
      const attributes = { irreps: gateInputIrreps(irreps), ...rest };
      return gradientsOf(x, weight, attributes.irreps, (offset, dx, layout, into, item) => {
        const at = { x: x.pointer + offset, dy: dy.pointer + item * layout.voxels * dimension(irreps) * 4, voxels: layout.voxels };
        const { norm } = normOf(at.x, undefined, layout, weight, attributes);
        const coefficients = normCoefficients(norm, valuesOf(bias));
        // the gate writes the gradient of the normed x, of which the norm's is made in its place
        const ofGradient = gradientCoefficients(norm, gated.backward(irreps, { ...at, dx }, coefficients), attributes.by, into);
        withDirections(at.x, layout, attributes.by, (along) => affine({ x: along, dy: dx, y: dx, voxels: at.voxels }, [norm.mean, ...ofGradient]));
      });
    },
  };
};
