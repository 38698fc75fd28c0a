import { copies, dimension, parseIrreps, scalarCopies } from '../../engine/math/so3/irreps';
import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { irreps: '1x0e', volume: [1, 1, 1, 1] },
  { irreps: '2x0o+3x0e+1x1o+1x2e', volume: [3, 5, 7, 11] },
  { irreps: '14x0e+4x1e+2x2e', volume: [2, 11, 13, 9] },
].map(({ irreps, volume }) => ({ label: `${irreps} on ${volume.join(' x ')}`, volume, attributes: { irreps: parseIrreps(irreps) } }));
const shape = ({ volume, attributes }: (typeof cases)[number]) => [...volume, dimension(attributes.irreps)];

describeKernel('ScaleCopies', cases.map((one) => ({ ...one, inputs: { x: randomArray('x', ...shape(one)), scale: randomArray('scale', one.volume[0], copies(one.attributes.irreps)), shift: randomArray('shift', scalarCopies(one.attributes.irreps)) } })));
describeKernel('ScaleCopiesBackward', cases.map((one) => ({ ...one, inputs: { dy: randomArray('dy', ...shape(one)), x: randomArray('x', ...shape(one)) } })));
