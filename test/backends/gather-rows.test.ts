import { describeKernel, randomArray } from './describe-kernel';

const cases = [
  { label: 'one row of one', stored: [1], rows: [0], shape: [1] },
  { label: 'rows taken twice, out of order, and never', stored: [5, 3], rows: [4, 0, 0, 2], shape: [2, 6] },
  { label: 'a kernel of seven channels for four elements', stored: [3, 7], rows: [0, 1, 2, 2, 1, 0, 0, 1, 1, 2, 2, 0], shape: [3, 4, 7] },
].map((one) => ({ ...one, weight: randomArray('weight', ...one.stored), dy: randomArray('dy', ...one.shape) }));

describeKernel('GatherRows', cases.map(({ label, weight, rows, shape }) => ({ label, inputs: { weight }, attributes: { rows, shape } })));
describeKernel('GatherRowsBackward', cases.map(({ label, dy, rows, stored }) => ({ label, inputs: { dy }, attributes: { rows, shape: stored } })));
