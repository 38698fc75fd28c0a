/** @file What every operator does before it runs: wait while the work is paused, end where it is cancelled. */
import { cancelled } from '../contract/problem';

/** @param cancel as `BackendOptions.cancel` has it */
export function obey(cancel: Int32Array): void {
  if (cancel.length > 1) Atomics.wait(cancel, 1, 1);
  if (Atomics.load(cancel, 0)) throw cancelled();
}
