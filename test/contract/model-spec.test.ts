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
