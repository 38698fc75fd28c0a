import { dimension, parseIrreps, scalarCopies } from '../../engine/math/so3/irreps';
import { selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { from: '1x0e', to: '2x0e', volume: [1, 1, 1, 1] },
  { from: '30x0e', to: '3x0e', volume: [1, 11, 13, 17] },
  { from: '4x0e+2x1e+1x2e', to: '3x0e', volume: [1, 7, 5, 9] },
  { from: '4x0e+2x1e+3x0e+1x1e', to: '2x0e+3x1e', volume: [2, 13, 9, 11] },
  // no input reaches 2e, no output takes 1o
  { from: '2x0e+1x1o', to: '1x0e+1x2e', volume: [1, 3, 2, 5] },
].map(({ from, to, volume }) => ({ label: `${from} -> ${to} on ${volume.join(' x ')}`, volume, attributes: { irrepsIn: parseIrreps(from), irrepsOut: parseIrreps(to) } }));
const input = ({ volume, attributes: { irrepsIn, irrepsOut } }: (typeof cases)[number]) => ({
  x: randomArray('x', ...volume, dimension(irrepsIn)),
  weight: randomArray('weight', weightsOf(selfPathsOf(irrepsIn, irrepsOut))),
});
describeKernel('SelfConnection', cases.map((one) => ({ ...one, inputs: { ...input(one), bias: randomArray('bias', scalarCopies(one.attributes.irrepsOut)) } })));
describeKernel('SelfConnectionBackward', cases.map((one) => ({ ...one, inputs: { ...input(one), dy: randomArray('dy', ...one.volume, dimension(one.attributes.irrepsOut)) } })));
