import { describe, expect, it } from 'vitest';
import { modelSpec } from '../../engine/contract/model-spec';

describe('irreps of a spec', () => {
  const parse = (irreps: string) => modelSpec.safeParse({ architecture: 'steerable-unet', irreps, poolings: 1, kernelSize: 5, outputs: 2 });
  it('are taken up to 512 copies an entry', () => expect(parse('512x0e+4x1e').success).toBe(true));
  it.each([
    ['999999999999x0e', 'a multiplicity is at most 512'],
    ['8x0e+513x1e', 'a multiplicity is at most 512'],
    ['8x0', 'irreps look like 8x0e+4x1e+2x2e'],
  ])('%s are refused, and the message says why', (irreps, message) => expect(parse(irreps).error?.issues[0]?.message).toContain(message));
});

it.each([
  [{ architecture: 'unet', features: 4, kernelSize: 4 }, 'kernelSize', 'a kernel is 3 or 5 voxels wide'],
  [{ architecture: 'group-unet', features: 4, kernelSize: 2 }, 'kernelSize', 'a kernel is 3 or 5 voxels wide'],
  [{ architecture: 'steerable-unet', irreps: '4x0e', kernelSize: 5, steps: [1, 1] }, 'steps', 'steps are three numbers above 0'],
])('%o is refused with what the field may be', (fields, field, message) => {
  const [issue] = modelSpec.safeParse({ poolings: 1, outputs: 2, ...fields }).error!.issues;
  expect([issue!.path.join('.'), issue!.message]).toEqual([field, expect.stringContaining(message)]);
});
