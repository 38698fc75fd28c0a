/** @file SteerableConvolution by the dense kernel and TensorFlow's conv3d; the self-connection is added to the kernel's centre. */
import { add, concat, mul, reshape, slice, split, type Tensor } from '@tensorflow/tfjs-core';
import { clebschGordan } from '../../../math/so3/clebsch-gordan';
import { printIrreps } from '../../../math/so3/irreps';
import { lattice } from '../../../math/so3/lattice';
import { sphericalHarmonics } from '../../../math/so3/spherical-harmonics';
import { pathsOf, selfPathsOf, weightsOf } from '../../../math/so3/steerable-paths';
import type { SteerableConvolutionAttributes } from '../../../ops/operators';
import { correlate, correlateBackwardInput, correlateBackwardKernel } from './convolution';
import { assemble, assembleBackward, channels, type DenseKernelPlan } from './dense-kernel';
import type { Constant, KernelFactory } from './kernel';
import { selfConnectionPlan } from './self-connection';

type Names = 'SteerableConvolution' | 'SteerableConvolutionBackward' | 'SteerableConvolutionBackwardWeight' | 'SteerableConvolutionOfTwo' | 'SteerableConvolutionOfTwoBackward';
export const steerableConvolution: KernelFactory<Names> = (constant) => {
  const plans = new Map<string, SteerablePlan>();
  const planOf = (attributes: SteerableConvolutionAttributes): SteerablePlan => {
    const { irrepsIn, irrepsOut, ...rest } = attributes;
    const key = `${printIrreps(irrepsIn)} ${printIrreps(irrepsOut)} ${JSON.stringify(rest)}`;
    const plan = plans.get(key) ?? steerablePlan(key, attributes);
    plans.set(key, plan);
    return plan;
  };
  const backwardWeight = (dy: Tensor, x: Tensor, attributes: SteerableConvolutionAttributes): Tensor[] => {
    const plan = planOf(attributes);
    const dkernel = reshape(correlateBackwardKernel(x, dy, [...plan.extents, ...channels(plan.kernel)]), [plan.kernel.points, ...channels(plan.kernel)]);
    const dcentre = slice(dkernel, [plan.centre, 0, 0], [1, -1, -1]);
    return [assembleBackward(constant, plan.kernel, dkernel), reshape(assembleBackward(constant, plan.self, dcentre), [weightsOf(selfPathsOf(attributes.irrepsIn, attributes.irrepsOut))])];
  };
  const forward = (x: Tensor, weight: Tensor, self: Tensor, attributes: SteerableConvolutionAttributes): Tensor => correlate(x, kernelOf(constant, planOf(attributes), weight, self));
  const backward = (dy: Tensor, x: Tensor, weight: Tensor, self: Tensor, attributes: SteerableConvolutionAttributes) => [correlateBackwardInput(dy, kernelOf(constant, planOf(attributes), weight, self), x.shape), ...backwardWeight(dy, x, attributes)] as const;
  return {
    SteerableConvolution: ({ x, weight, self }, attributes) => [forward(x, weight, self, attributes)],
    SteerableConvolutionBackward: ({ dy, x, weight, self }, attributes) => [...backward(dy, x, weight, self, attributes)],
    SteerableConvolutionBackwardWeight: ({ dy, x }, attributes) => backwardWeight(dy, x, attributes),
    // TensorFlow reads one tensor
    SteerableConvolutionOfTwo: ({ a, b, weight, self }, attributes) => [forward(concat([a, b], 4), weight, self, attributes)],
    SteerableConvolutionOfTwoBackward: ({ dy, a, b, weight, self }, attributes) => {
      const [dx, ...dweights] = backward(dy, concat([a, b], 4), weight, self, attributes);
      return [...split(dx, [a.shape[4]!, b.shape[4]!], 4), ...dweights];
    },
  };
};

interface SteerablePlan {
  /** Its points are the whole lattice in z, y, x order, x fastest. */
  readonly kernel: DenseKernelPlan;
  readonly self: DenseKernelPlan;
  readonly extents: readonly [z: number, y: number, x: number];
  /** The point at the origin. */
  readonly centre: number;
}

/** [z, y, x, channels in, channels out] */
function kernelOf(constant: Constant, { kernel, self: selfPlan, extents, centre }: SteerablePlan, weight: Tensor, self: Tensor): Tensor {
  const atCentre = constant(`centre ${kernel.points}`, () => ({ shape: [kernel.points, 1, 1], data: Float32Array.from({ length: kernel.points }, (_, point) => (point === centre ? 1 : 0)) }));
  const dense = add(assemble(constant, kernel, weight), mul(atCentre, assemble(constant, selfPlan, reshape(self, [1, -1]))));
  return reshape(dense, [...extents, ...channels(kernel)]);
}

/** The formula is that of `steerableKernel` in math/so3. */
function steerablePlan(key: string, { irrepsIn, irrepsOut, harmonics, lattice: spec }: SteerableConvolutionAttributes): SteerablePlan {
  const { reach, points, taps } = lattice(spec);
  const [width, height, depth] = reach.map((voxels) => 2 * voxels + 1) as [number, number, number];
  const pointOf = ([x, y, z]: readonly [number, number, number]): number => ((z + reach[2]) * height + y + reach[1]) * width + x + reach[0];
  const functions = spec.radialFunctions;
  return {
    kernel: {
      key,
      irrepsIn,
      irrepsOut,
      paths: pathsOf(irrepsIn, irrepsOut, harmonics),
      points,
      functions,
      basisOf: ({ entryIn, degree, entryOut, coefficient }) => {
        const [degreeIn, degreeOut] = [irrepsIn[entryIn]!.degree, irrepsOut[entryOut]!.degree];
        const [sizeIn, size, sizeOut] = [2 * degreeIn + 1, 2 * degree + 1, 2 * degreeOut + 1];
        const coupling = clebschGordan(degreeIn, degree, degreeOut);
        const basis = new Float32Array(points * sizeIn * sizeOut * functions);
        for (const { offset, point, basis: radial } of taps) {
          const harmonic = sphericalHarmonics(degree, point).subarray(degree * degree);
          for (let ik = 0; ik < sizeIn * sizeOut; ik++) {
            const [i, k] = [Math.floor(ik / sizeOut), ik % sizeOut];
            let angular = 0;
            for (let j = 0; j < size; j++) angular += coupling[(i * size + j) * sizeOut + k]! * harmonic[j]!;
            radial.forEach((value, b) => (basis[(pointOf(offset) * sizeIn * sizeOut + ik) * functions + b] = (coefficient / points) * angular * value));
          }
        }
        return basis;
      },
    },
    self: selfConnectionPlan({ irrepsIn, irrepsOut }),
    extents: [depth, height, width],
    centre: pointOf([0, 0, 0]),
  };
}
