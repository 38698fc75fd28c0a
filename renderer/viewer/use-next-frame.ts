/** @file Draws once a frame, however often the picture changes in between. */
import { useEffect, type DependencyList } from 'react';

export function useNextFrame(draw: () => void, changes: DependencyList): void {
  useEffect(() => {
    const frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
    // The caller lists what its drawing depends on.
  }, changes);
}
