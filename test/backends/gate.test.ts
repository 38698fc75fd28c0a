import { gateInputIrreps } from '../../engine/math/so3/gate-irreps';
import { dimension, parseIrreps } from '../../engine/math/so3/irreps';
import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { irreps: '1x0e', volume: [1, 1, 1, 1] },
  { irreps: '1x2e', volume: [1, 1, 2, 1] },
  { irreps: '3x1e', volume: [1, 3, 1, 5] },
  { irreps: '4x0e+2x1e+1x2e', volume: [1, 13, 11, 9] },
  { irreps: '8x0e+4x1e+2x2e', volume: [2, 11, 13, 7] },
  { irreps: '5x0e+3x1e+7x2e', volume: [1, 5, 16, 17] },
  { irreps: '3x0o', volume: [1, 2, 3, 5] },
  { irreps: '4x0e+3x0o+2x1e+1x2e+2x1o+1x2o', volume: [2, 5, 7, 9] },
  { irreps: '3x0o+5x0e+1x3o+1x1e+1x3e', volume: [1, 7, 11, 15] },
].map(({ irreps, volume }) => ({ label: `${irreps} on ${volume.join(' x ')}`, volume, attributes: { irreps: parseIrreps(irreps) } }));

/** Gates from closed to open. */
const wide = (shape: number[]) => {
  const array = randomArray('x', ...shape);
  return { ...array, data: array.data.map((value) => Math.fround(value * 12)) };
};
const input = ({ volume, attributes }: (typeof cases)[number]) => wide([...volume, dimension(gateInputIrreps(attributes.irreps))]);
describeKernel('Gate', cases.map((one) => ({ ...one, inputs: { x: input(one) } })));
describeKernel('GateBackward', cases.map((one) => ({ ...one, inputs: { dy: randomArray('dy', ...one.volume, dimension(one.attributes.irreps)), x: input(one) } })));
