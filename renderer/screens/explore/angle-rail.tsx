/** @file The x axis of the chart as the handle of the pose. A slider of its own, because its ends lie exactly on the ends of the plot. */
import { useRef, type PointerEvent as ReactPointerEvent } from 'react';
import { largestAngleDegrees } from '../../../engine/math/rotation';
import { angleShown, poseText } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { dragToAngle, endGesture, startGesture } from '../../state/turning';
import { plotInset } from '../../charts/dice-chart';

const ticks = [0, 30, 60, 90, 120, 150, 180];

export function AngleRail() {
  const pose = usePose((state) => state.pose);
  const degrees = angleShown(pose);
  const isFree = pose.kind === 'free';
  const isDragging = useRef(false);
  const share = (angle: number) => `${(angle / largestAngleDegrees) * 100}%`;
  const drag = (event: ReactPointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    dragToAngle(((event.clientX - left) / width) * largestAngleDegrees, event.shiftKey);
  };
  return (
    <div className="angle-rail" style={{ marginLeft: plotInset.left, marginRight: plotInset.right }}>
      <div
        className="rail"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          event.currentTarget.querySelector<HTMLElement>('[role="slider"]')?.focus({ preventScroll: true });
          isDragging.current = true;
          startGesture();
          drag(event);
        }}
        onPointerMove={(event) => isDragging.current && drag(event)}
        onLostPointerCapture={() => {
          isDragging.current = false;
          endGesture();
        }}
      >
        <span className="track" />
        <span className="range" style={{ width: share(degrees) }} />
        <span
          className={`thumb ${isFree ? 'hollow' : ''}`}
          style={{ left: share(degrees) }}
          role="slider"
          data-turns
          tabIndex={0}
          aria-label={`Angle, ${pose.plane} plane`}
          aria-valuemin={0}
          aria-valuemax={largestAngleDegrees}
          aria-valuenow={degrees}
          aria-valuetext={poseText(pose)}
        />
      </div>
      {ticks.map((angle) => (
        <span key={angle} className="tick num" style={{ left: share(angle) }}>
          {angle}°
        </span>
      ))}
      <span className="axis-name">angle, {pose.plane}</span>
    </div>
  );
}
