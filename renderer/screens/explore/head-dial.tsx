/** @file "Turn the head": a dial that turns a drawn head as the slice of its plane turns. */
import { useRef, type PointerEvent as ReactPointerEvent } from 'react';
import { largestAngleDegrees } from '../../../engine/math/rotation';
import { angleShown, poseText } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { dragToAngle, endGesture, startGesture } from '../../state/turning';
import { turnSense } from '../../viewer/anatomy';
import { HeadDrawing, HeadGhost } from './head-drawing';

const radius = 76;
const tickEveryDegrees = 15;

export function HeadDial() {
  const pose = usePose((state) => state.pose);
  const { plane } = pose;
  const sense = turnSense(plane);
  const degrees = angleShown(pose);
  const isFree = pose.kind === 'free';
  const isDragging = useRef(false);

  const drag = (event: ReactPointerEvent<SVGSVGElement>) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const clockwise = (Math.atan2(event.clientX - left - width / 2, -(event.clientY - top - height / 2)) * 180) / Math.PI;
    const along = sense * clockwise;
    // The other half of the circle belongs to the nearer end, so that the knob does not jump from one end to the other.
    const before = angleShown(usePose.getState().pose);
    dragToAngle(along >= 0 ? along : before > largestAngleDegrees / 2 ? largestAngleDegrees : 0, event.shiftKey);
  };
  return (
    <svg
      className="head-dial"
      viewBox="-92 -92 184 184"
      role="slider"
      data-turns
      tabIndex={0}
      fill="none"
      aria-label={`Turn the head, ${plane} plane`}
      aria-valuemin={0}
      aria-valuemax={largestAngleDegrees}
      aria-valuenow={degrees}
      aria-valuetext={poseText(pose)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
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
      <circle r={radius} stroke="var(--line-2)" strokeWidth="2" />
      {Array.from({ length: 360 / tickEveryDegrees }, (_, index) => {
        const angle = index * tickEveryDegrees;
        return <path key={angle} d={`M0,${-radius}v${angle % 90 === 0 ? 10 : 6}`} transform={`rotate(${sense * angle})`} stroke="var(--ink-3)" opacity={angle > largestAngleDegrees ? 0.35 : 1} />;
      })}
      <path d={arc(degrees, sense)} stroke="var(--pose)" strokeWidth="4" strokeDasharray={isFree ? '3 4' : undefined} />
      <HeadGhost plane={plane} />
      <g transform={`rotate(${sense * degrees})`}>
        <HeadDrawing plane={plane} />
      </g>
      <path d={`M0,${-radius - 6}v12`} stroke="var(--ink)" strokeWidth="2" />
      <g transform={`rotate(${sense * degrees}) translate(0,${-radius})`}>
        <circle r="13" fill={isFree ? 'var(--surface)' : 'var(--pose)'} stroke={isFree ? 'var(--pose)' : 'var(--surface)'} strokeWidth="3" />
        <path d="M-4,-4.5v9M0,-4.5v9M4,-4.5v9" stroke={isFree ? 'var(--pose)' : 'var(--surface)'} strokeWidth="1.6" strokeLinecap="round" />
      </g>
    </svg>
  );
}

/** From upright to the knob along the ring. */
function arc(degrees: number, sense: 1 | -1): string {
  const radians = (sense * degrees * Math.PI) / 180;
  return `M0,${-radius}A${radius},${radius} 0 0 ${sense > 0 ? 1 : 0} ${radius * Math.sin(radians)},${-radius * Math.cos(radians)}`;
}
