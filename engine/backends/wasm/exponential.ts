/** @file exp on four lanes: Cephes `expf` (S. L. Moshier, netlib.org/cephes), relative error below 2e-7. */
import { V128, type FunctionBuilder } from './assembler';

const polynomial = [1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/** exp(x); x is held to [-87, 88], where results are normal numbers. */
export function exponential(f: FunctionBuilder, x: V128): V128 {
  const rest = f.v128(x.max(f.constant(-87)).min(f.constant(88)));
  const power = f.v128(rest.mul(f.constant(Math.LOG2E)).nearest());
  // ln 2 in two parts: the first has few bits, so that its multiples are exact
  f.set(rest, rest.sub(power.mul(f.constant(0.693359375))).sub(power.mul(f.constant(-2.12194440e-4))));
  const sum = f.v128(f.constant(polynomial[0]));
  for (const coefficient of polynomial.slice(1)) f.set(sum, f.multiplyAdd(sum, rest, f.constant(coefficient)));
  f.set(sum, f.multiplyAdd(sum, rest.mul(rest), rest.add(f.constant(1))));
  // 2^power as bits: the exponent field of a float starts at bit 23
  return f.v128(sum.mul(power.truncateToInteger().addIntegers(V128.integers(127)).shiftLeft(23)));
}
