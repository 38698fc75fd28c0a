/** @file The kernels of a group U-Net as its operators read them: for every group element, made from the one that is stored. Channels run over (group element, channel). */
import type { Tensor4D, Tensor5D, Variable } from '@tensorflow/tfjs-core';
import type { GroupUnetSpec } from '../contract/model-spec';
import { quotients, rotationGroup, turnedTaps } from '../math/rotation-group';
import { gatherRows } from '../ops/gather-rows';

export interface GroupWeights {
  readonly order: number;
  /** [k, k, k, inputs, order * features]: the lifting kernel of each element is the stored one, turned. */
  lifting(): Tensor5D;
  /** [1, 1, 1, order * from, order * to], of the stored input channels `first` to `first + from`: from element h to element g the weight of g^-1 h. */
  mixing(layer: string, first: number, from: number): Tensor5D;
  /** [k, k, k, order * to]: the depthwise kernel of each element is the stored one, turned. */
  spatial(layer: string): Tensor4D;
}

export function groupWeights({ group: name, kernelSize: k, inputs, features }: GroupUnetSpec, variables: ReadonlyMap<string, Variable>): GroupWeights {
  const group = rotationGroup(name);
  const order = group.length;
  const [taps, quotient] = [turnedTaps(group, k), quotients(group)];
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  return {
    order,
    lifting: () => {
      const rows = upTo(k ** 3).flatMap((tap) => upTo(inputs).flatMap((input) => upTo(order).map((g) => taps[tap * order + g] * inputs + input)));
      return gatherRows(variables.get('lifting.weight')!, { rows, shape: [k, k, k, inputs, order * features] });
    },
    mixing: (layer, first, from) => {
      const weight = variables.get(`${layer}.group.weight`)!;
      const [, stored, to] = weight.shape;
      const rows = upTo(order).flatMap((h) => upTo(from).flatMap((channel) => upTo(order).map((g) => quotient[g * order + h] * stored + first + channel)));
      return gatherRows(weight, { rows, shape: [1, 1, 1, order * from, order * to!] });
    },
    spatial: (layer) => {
      const weight = variables.get(`${layer}.spatial.weight`)!;
      return gatherRows(weight, { rows: taps, shape: [k, k, k, order * weight.shape.at(-1)!] });
    },
  };
}
