import { describe, expect, it } from 'vitest';
import { steerableUnetSpec } from '../../engine/contract/model-spec';
import { printIrreps } from '../../engine/math/so3/irreps';
import { planVariables } from '../../engine/model/build-network';
import { steerableLayout } from '../../engine/model/steerable-layout';

const layout = (fields: object = {}) => steerableLayout(steerableUnetSpec.parse({ architecture: 'steerable-unet', outputs: 2, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e', ...fields }));
const printed = (fields?: object) => layout(fields).blocks.map(({ name, irrepsIn, irreps }) => `${name}: ${printIrreps(irrepsIn)} -> ${printIrreps(irreps)}`);

describe('blocks', () => {
  it('double on the way down and read the skip behind the upsampled features', () => {
    expect(printed()).toEqual([
      'down.down_blocks.0: 1x0e -> 4x0e+2x1e+1x2e',
      'down.down_blocks.1: 4x0e+2x1e+1x2e -> 8x0e+4x1e+2x2e',
      'down.down_blocks.2: 8x0e+4x1e+2x2e -> 16x0e+8x1e+4x2e',
      'up.up_blocks.0: 16x0e+8x1e+4x2e+8x0e+4x1e+2x2e -> 8x0e+4x1e+2x2e',
      'up.up_blocks.1: 8x0e+4x1e+2x2e+4x0e+2x1e+1x2e -> 4x0e+2x1e+1x2e',
    ]);
  });
  it("hold scalars alone on the way up with e3nn_Unet's scalar upsampling", () => {
    expect(printed({ upIrreps: '8x0e' }).slice(3)).toEqual(['up.up_blocks.0: 16x0e+8x1e+4x2e+8x0e+4x1e+2x2e -> 16x0e', 'up.up_blocks.1: 16x0e+4x0e+2x1e+1x2e -> 8x0e']);
  });
  it('begin and end in other irreps where the spec says so', () => {
    const { blocks, output } = layout({ inputs: 4, inputIrreps: '1x0e+1x1e', outputs: 3, outputIrreps: '1x1e' });
    expect([printIrreps(blocks[0]!.irrepsIn), printIrreps(output)]).toEqual(['1x0e+1x1e', '1x1e']);
  });
});

it('kernels that cannot be on a lower level are told of in the unit of the spec, with the level', () => {
  const plan = (fields: object) => () => planVariables(steerableUnetSpec.parse({ architecture: 'steerable-unet', outputs: 2, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e', ...fields }));
  expect(plan({ steps: [2, 2, 2], kernelSize: 1 })).toThrow(/^A kernel of diameter 1 with steps 2 x 2 x 2 is smaller than a voxel\.$/);
  expect(plan({ kernelSize: 6, scale: 1.9 })).toThrow(/diameter 12 with steps 1 x 1 x 1 covers 13 x 13 x 13 voxels\. It is the kernel below 1 pooling; each doubles/);
  expect(plan({ kernelSize: 5, scale: 6, steps: [1, 2, 3], radialFunctions: 3 })).toThrow(/diameter 10 with steps 6 x 6 x 6 .*zero at every voxel\. It is the kernel below 1 pooling/);
});

it.each<[string, object, string]>([
  ['no copies', { irreps: '4x0e+0x1e' }, '4x0e+0x1e, holds an entry of no copies'],
  ['vectors before scalars', { irreps: '2x1e+4x0e' }, 'irreps, 2x1e+4x0e, must hold its scalars first'],
  ['an irrep twice', { upIrreps: '4x0e+1x1e+1x1e' }, 'upIrreps, 4x0e+1x1e+1x1e, must hold its scalars first'],
  ['odd irreps in SO3', { irreps: '4x0e+1x1o' }, 'odd irreps'],
  ['channels that do not fit', { outputIrreps: '1x1e' }, 'has 3 channels and the field outputs says 2'],
  ['input channels that do not fit', { inputIrreps: '1x0e+1x1e' }, 'has 4 channels and the field inputs says 1'],
  ['output scalars behind vectors', { outputs: 4, outputIrreps: '1x1e+1x0e' }, 'does not have its even scalars first'],
  ['an output that cannot be reached', { outputs: 3, outputIrreps: '1x1e', upIrreps: '8x0e' }, 'which the last block (8x0e) cannot give'],
  ['steps for some of the levels', { steps: [[1, 1, 1], [2, 2, 2]] }, 'steps for 2 levels and the network has 3'],
])('%s: refused with the field', (_, fields, message) => {
  expect(() => layout(fields)).toThrow(expect.objectContaining({ name: 'GyraError', code: 'bad-input', message: expect.stringContaining(message) as string }) as Error);
});
