/** @file A 3D tile: the volume cut open, the surfaces in it, the frame of the scan and the patient's axes; dragging turns the head like a trackball. */
import { useEffect, useRef, type PointerEvent as ReactPointerEvent } from 'react';
import type { RotationMatrix } from '../../engine/contract/engine-api';
import type { Vector3 } from '../../engine/math/rotation';
import { tokenRgb } from '../ui/tokens';
import { letterOf } from './anatomy';
import { halfView, project, trackball } from './camera';
import { centreOf } from './reslice';
import { useNextFrame } from './use-next-frame';
import { VolumeScene, type Scene } from './volume-scene';

export interface VolumeViewProps {
  readonly scene: Scene;
  readonly label: string;
  readonly onTurnStart: () => void;
  /** Turned by this since the start of the drag. */
  readonly onTurn: (sinceStart: RotationMatrix) => void;
  readonly onTurnEnd: () => void;
}

export function VolumeView({ scene, label, onTurnStart, onTurn, onTurnEnd }: VolumeViewProps) {
  const container = useRef<HTMLDivElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const viewer = useRef<VolumeScene | null>(null);
  const latest = useRef(scene);
  const dragStart = useRef<{ x: number; y: number } | null>(null);

  useEffect(() => {
    let isGone = false;
    let shown: VolumeScene | null = null;
    void VolumeScene.in(container.current!).then((ready) => {
      if (isGone) return ready.dispose();
      shown = viewer.current = ready;
      ready.show(latest.current);
    });
    const observer = new ResizeObserver(() => {
      viewer.current?.requestDraw();
      drawMarks(marks.current!, latest.current);
    });
    observer.observe(container.current!);
    return () => {
      isGone = true;
      viewer.current = null;
      observer.disconnect();
      shown?.dispose();
    };
  }, []);

  useEffect(() => {
    latest.current = scene;
    viewer.current?.show(scene);
  }, [scene]);
  useNextFrame(() => drawMarks(marks.current!, scene), [scene]);

  const drag = {
    onPointerDown(event: ReactPointerEvent<HTMLDivElement>) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      dragStart.current = { x: event.clientX, y: event.clientY };
      onTurnStart();
    },
    onPointerMove(event: ReactPointerEvent<HTMLDivElement>) {
      if (!dragStart.current) return;
      const { width, height } = event.currentTarget.getBoundingClientRect();
      onTurn(trackball(event.clientX - dragStart.current.x, event.clientY - dragStart.current.y, Math.min(width, height)));
    },
    onLostPointerCapture() {
      if (!dragStart.current) return;
      dragStart.current = null;
      onTurnEnd();
    },
  };
  return (
    <div className="volume-view" role="application" aria-roledescription="3D view" tabIndex={0} aria-label={label} {...drag}>
      <div className="volume-canvas" ref={container} />
      <canvas className="volume-marks" ref={marks} aria-hidden="true" />
    </div>
  );
}

const axisLength = 20;
const axes: readonly Vector3[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** The frame of the scan and, in the corner, the axes that turn with the patient. */
function drawMarks(canvas: HTMLCanvasElement, { volume, rotation }: Scene): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio;
  const context = canvas.getContext('2d')!;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineWidth = 1;

  const { low, high } = volume.box;
  const centre = centreOf(volume.shape);
  const halfDiagonal = Math.hypot(...high.map((h, axis) => h - low[axis] + 1)) / 2;
  const pixelsPerVoxel = Math.min(width, height) / 2 / halfView(halfDiagonal);
  const corner = (index: number): Vector3 => {
    const at = (axis: number) => ((index >> axis) & 1 ? high[axis] + 0.5 : low[axis] - 0.5) - centre[axis];
    return project([at(0), at(1), at(2)], rotation);
  };
  const corners = Array.from({ length: 8 }, (_, index) => corner(index));
  context.strokeStyle = 'rgb(255 255 255 / 0.16)';
  context.beginPath();
  for (let a = 0; a < 8; a++)
    for (const bit of [1, 2, 4]) {
      if (a & bit) continue;
      context.moveTo(width / 2 + corners[a][0] * pixelsPerVoxel, height / 2 - corners[a][1] * pixelsPerVoxel);
      context.lineTo(width / 2 + corners[a | bit][0] * pixelsPerVoxel, height / 2 - corners[a | bit][1] * pixelsPerVoxel);
    }
  context.stroke();

  context.strokeStyle = context.fillStyle = `rgb(${tokenRgb('--viewer-ink').join()})`;
  context.font = '600 11px monospace';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 1.4;
  const [x, y] = [36, height - 56];
  for (const direction of axes) {
    const [right, up] = project(direction, rotation);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + right * axisLength, y - up * axisLength);
    context.stroke();
    // An axis that points at the viewer keeps its letter beside the origin.
    context.fillText(letterOf(direction, volume.orientation), x + right * (axisLength + 8), y - up * (axisLength + 8));
  }
}
