/** @file Draws once a frame, however often the picture changes in between. */
import { useEffect, useRef, type DependencyList } from 'react';

export function useNextFrame(draw: () => void, changes: DependencyList): void {
  const latest = useRef(draw);
  const frame = useRef(0);
  useEffect(() => {
    latest.current = draw;
    // A frame that is due is kept, not put off: what changes in every frame would never be drawn.
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      latest.current();
    });
    // The caller lists what its drawing depends on.
  }, changes);
  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    },
    [],
  );
}
