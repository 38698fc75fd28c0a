/** @file SelfConnection as one matrix for all voxels. */
import { add, matMul, reshape, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { dimension, printIrreps } from '../../../math/so3/irreps';
import { selfPathsOf } from '../../../math/so3/steerable-paths';
import type { IrrepsPair } from '../../../ops/operators';
import { scalarChannels } from './copy-matrices';
import { assemble, assembleBackward, type DenseKernelPlan } from './dense-kernel';
import type { KernelFactory } from './kernel';

export const selfConnection: KernelFactory<'SelfConnection' | 'SelfConnectionBackward'> = (constant) => ({
  SelfConnection: ({ x, weight, bias }, attributes) => {
    const plan = selfConnectionPlan(attributes);
    const y = matMul(rows(x), matrix(assemble(constant, plan, reshape(weight, [1, -1]))));
    const shifted = bias.size > 0 ? add(y, matMul(reshape(bias, [1, -1]) as Tensor2D, scalarChannels(constant, attributes.irrepsOut))) : y;
    return [reshape(shifted, [...x.shape.slice(0, 4), dimension(attributes.irrepsOut)])];
  },
  SelfConnectionBackward: ({ dy, x, weight }, attributes) => {
    const plan = selfConnectionPlan(attributes);
    const [g, values] = [rows(dy), rows(x)];
    const dx = matMul(g, matrix(assemble(constant, plan, reshape(weight, [1, -1]))), false, true);
    const dmatrix = matMul(values, g, true, false);
    const places = scalarChannels(constant, attributes.irrepsOut);
    const dbias = places.shape[0] > 0 ? matMul(places, reshape(sum(g, 0), [-1, 1]) as Tensor2D) : places;
    return [reshape(dx, x.shape), reshape(assembleBackward(constant, plan, reshape(dmatrix, [1, ...dmatrix.shape])), weight.shape), reshape(dbias, [places.shape[0]])];
  },
});

/** One point, one function: the identity between the components, times the path's coefficient. */
export const selfConnectionPlan = ({ irrepsIn, irrepsOut }: IrrepsPair): DenseKernelPlan => ({
  key: `self ${printIrreps(irrepsIn)} ${printIrreps(irrepsOut)}`,
  irrepsIn,
  irrepsOut,
  paths: selfPathsOf(irrepsIn, irrepsOut),
  points: 1,
  functions: 1,
  basisOf: ({ entryIn, coefficient }) => {
    const size = 2 * irrepsIn[entryIn]!.degree + 1;
    return Float32Array.from({ length: size * size }, (_, at) => (Math.floor(at / size) === at % size ? coefficient : 0));
  },
});

const rows = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape[4]!]);
const matrix = (kernel: Tensor): Tensor2D => reshape(kernel, [kernel.shape[1]!, kernel.shape[2]!]);
