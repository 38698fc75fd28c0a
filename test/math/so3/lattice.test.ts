import { describe, expect, it } from 'vitest';
import { harmonicIrreps, parseIrreps } from '../../../engine/math/so3/irreps';
import { lattice, liveFunctions } from '../../../engine/math/so3/lattice';
import type { LatticeSpec } from '../../../engine/math/so3/lattice';
import { liveWeightsOf, pathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';

const spec = (change: Partial<LatticeSpec>): LatticeSpec => ({ diameter: 5, steps: [1, 1, 1], radialFunctions: 5, cutoff: true, ...change });

describe('lattice of a kernel', () => {
  it.each<[string, Partial<LatticeSpec>, [number, number, number]]>([
    ['an even diameter', { diameter: 4 }, [2, 2, 2]],
    ['a diameter between', { diameter: 3.5 }, [1, 1, 1]],
    ['anisotropic steps', { steps: [1, 1, 2] }, [2, 2, 1]],
    ['a step longer than the radius', { steps: [0.9, 0.9, 3], cutoff: false }, [2, 2, 0]],
    ['millimetres', { diameter: 7.5, steps: [1.5, 0.9, 2.5] }, [2, 4, 1]],
    ['one voxel, without cut-off', { diameter: 1, cutoff: false }, [0, 0, 0]],
  ])('reach of %s', (_, change, reach) => expect(lattice(spec(change)).reach).toEqual(reach));

  it.each<[string, Partial<LatticeSpec>, string]>([
    ['smaller than a voxel', { diameter: 0.9 }, 'smaller than a voxel'],
    ['smaller than each of the voxel\'s edges', { diameter: 5, steps: [6, 6, 7] }, 'smaller than a voxel'],
    ['zero at every voxel', { diameter: 2, radialFunctions: 3 }, 'zero at every voxel'],
    ['too large', { diameter: 11 }, 'covers 11 x 11 x 11 voxels'],
    ['no diameter', { diameter: Number.NaN }, 'has no size'],
    ['no step', { steps: [1, 0, 1] }, 'has no size'],
    ['no radial function', { radialFunctions: 0 }, '0 radial functions'],
  ])('refuses a kernel %s', (_, change, message) => expect(() => lattice(spec(change))).toThrow(expect.objectContaining({ name: 'GyraError', message: expect.stringContaining(message) as string }) as Error));

  it.each<[string, Partial<LatticeSpec>, number[]]>([
    ['one of five is dead at 5^3', {}, [4, 4, 4]],
    ['three of five at 3^3', { diameter: 3 }, [2, 2, 2]],
    ['without cut-off the first meets the centre only, where degree 0 alone lives', { cutoff: false }, [5, 4, 4]],
    ['anisotropic', { steps: [0.9, 2, 3] }, [4, 4, 4]],
    ['voxels of 2', { steps: [2, 2, 2] }, [2, 2, 2]],
    ['one voxel', { diameter: 1, cutoff: false }, [1, 0, 0]],
  ])('live functions by degree: %s', (_, change, live) => {
    const taps = lattice(spec(change));
    expect(live.map((_n, degree) => liveFunctions(taps, degree))).toEqual(live);
  });
  it('live weights are those of live functions, path by path', () => {
    const paths = pathsOf(parseIrreps('8x0e+4x1e'), parseIrreps('3x0e+1x1e'), harmonicIrreps(2));
    expect(weightsOf(paths)).toBe(8 * 3 + 8 + 4 * 3 + 4 * 3);
    expect(liveWeightsOf(paths, lattice(spec({ cutoff: false })))).toBe(5 * (8 * 3 + 4) + 4 * (8 + 4 * 3 + 4 * 2));
  });
  it('in O(3) parities multiply', () => {
    const paths = pathsOf(parseIrreps('1x0e+1x1o'), parseIrreps('1x0e+1x0o+1x1e+1x1o'), harmonicIrreps(2, -1));
    expect(paths.map((p) => [p.entryIn, p.degree, p.entryOut])).toEqual([[0, 0, 0], [0, 1, 3], [1, 0, 3], [1, 1, 0], [1, 1, 2], [1, 2, 3]]);
  });
  it('refuses harmonics of several copies', () => expect(() => pathsOf(parseIrreps('1x0e'), parseIrreps('1x0e'), parseIrreps('2x0e'))).toThrow('the harmonics 2x0e'));
});
