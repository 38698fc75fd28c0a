import { describe, expect, it } from 'vitest';
import { posesOf } from '../../engine/evaluation/protocols';
import { Random } from '../../engine/math/random';
import { axisAngle } from '../../engine/math/rotation';

describe('cone60-v1', () => {
  it('is the list its seed draws: 24 rotations by 10 to 60 degrees', () => {
    const random = Random.stream(0, 'cone60-v1');
    const poses = posesOf('cone', []);
    expect(poses).toHaveLength(24);
    for (const { name, rotation } of poses) {
      const [z, longitude, degrees] = [2 * random.uniform() - 1, 2 * Math.PI * random.uniform(), 10 + 50 * random.uniform()];
      const across = Math.sqrt(1 - z * z);
      expect(name.degrees).toBeCloseTo(degrees, 3);
      [across * Math.cos(longitude), across * Math.sin(longitude), z].forEach((component, i) => expect(name.axis![i]).toBeCloseTo(component, 5));
      expect(axisAngle(rotation).angleDegrees).toBeCloseTo(name.degrees, 9);
      expect(axisAngle(rotation).axis[2]).toBeCloseTo(name.axis![2], 5);
    }
  });
});
