/** @file `cone60-v1`: the 24 rotations of the protocol cone. */
import type { AxisAngle } from '../math/rotation';

/**
 * Axes uniform on the sphere, angles uniform in 10 to 60 degrees, drawn once with Random.stream(0, 'cone60-v1'): height, then longitude of the axis, then the angle.
 * The list is the protocol: it never changes under this name.
 */
export const cone60v1: readonly AxisAngle[] = [
  { axis: [0.144805, -0.674065, 0.724340], angleDegrees: 43.5460 },
  { axis: [-0.077131, -0.409390, -0.909093], angleDegrees: 19.5163 },
  { axis: [0.064678, 0.980933, -0.183269], angleDegrees: 30.8177 },
  { axis: [-0.539547, 0.430863, -0.723357], angleDegrees: 20.6104 },
  { axis: [0.811749, -0.369935, -0.451898], angleDegrees: 15.4741 },
  { axis: [-0.438465, -0.515598, 0.736143], angleDegrees: 42.9735 },
  { axis: [-0.124375, 0.120220, -0.984925], angleDegrees: 55.6694 },
  { axis: [0.158939, 0.946739, -0.280043], angleDegrees: 47.3342 },
  { axis: [0.799848, -0.041685, -0.598753], angleDegrees: 11.2314 },
  { axis: [-0.922615, -0.047843, -0.382744], angleDegrees: 47.2448 },
  { axis: [-0.139829, 0.948616, 0.283859], angleDegrees: 25.3409 },
  { axis: [-0.357918, -0.528614, 0.769716], angleDegrees: 32.8037 },
  { axis: [-0.418524, 0.822222, -0.385730], angleDegrees: 53.0392 },
  { axis: [0.634698, 0.746866, 0.198368], angleDegrees: 55.4746 },
  { axis: [-0.881646, 0.032109, -0.470818], angleDegrees: 23.5176 },
  { axis: [-0.702279, 0.254634, -0.664805], angleDegrees: 14.0026 },
  { axis: [-0.889022, 0.416617, 0.189922], angleDegrees: 10.1834 },
  { axis: [-0.127641, 0.829696, 0.543426], angleDegrees: 23.9774 },
  { axis: [0.936437, 0.102879, 0.335414], angleDegrees: 12.8371 },
  { axis: [-0.002932, 0.999996, 0.000627], angleDegrees: 43.5865 },
  { axis: [0.425674, 0.115493, -0.897476], angleDegrees: 51.0079 },
  { axis: [-0.405786, 0.885056, -0.228064], angleDegrees: 19.4094 },
  { axis: [-0.406113, 0.867874, 0.286122], angleDegrees: 32.2862 },
  { axis: [0.597883, -0.079579, 0.797623], angleDegrees: 22.6854 },
];
