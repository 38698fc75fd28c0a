/** @file One slice of the turned head on a canvas, with its overlays, crosshair and letters; a click or drag moves the crosshair, the wheel steps through the slices. */
import { useEffect, useRef, useState, type PointerEvent as ReactPointerEvent } from 'react';
import type { Plane, RotationMatrix, Shape } from '../../engine/contract/engine-api';
import type { Vector3 } from '../../engine/math/rotation';
import { letterOf, views } from './anatomy';
import type { Rgb } from '../ui/tokens';
import { paintSlice } from './paint-slice';
import { labelBox, pixelOf, pointAt, resliceImage, resliceLabel, sliceGrid, turnedGrid, type Box, type SliceGrid } from './reslice';
import { useNextFrame } from './use-next-frame';

export interface LabelLayer {
  readonly labels: Uint8Array;
  /** How the head was turned when these labels were made; the reference is upright. */
  readonly rotation: RotationMatrix;
}
export interface SliceScene {
  readonly image: Float32Array;
  readonly shape: Shape;
  /** Axis codes such as RAS. */
  readonly orientation: string;
  readonly box: Box;
  readonly window: readonly [low: number, high: number];
  readonly rotation: RotationMatrix;
  /** In voxels of the upright canvas. */
  readonly crosshair: Vector3;
  /** Visible structures; opacity, 0 to 1, is that of the prediction's fill. */
  readonly structures: readonly { readonly value: number; readonly colour: Rgb; readonly opacity: number }[];
  readonly prediction: LabelLayer | null;
  readonly reference: LabelLayer | null;
  readonly show: { readonly prediction: boolean; readonly reference: boolean; readonly disagreement: boolean };
  readonly colours: { readonly background: Rgb; readonly letters: Rgb; readonly missed: Rgb; readonly extra: Rgb };
}
export interface SliceViewProps {
  readonly plane: Plane;
  readonly scene: SliceScene;
  readonly label: string;
  readonly onCrosshair: (point: Vector3) => void;
}

/** More pixels than this a side are interpolated by the browser: a frame must stay a frame. */
const mostPixels = 400;

export function SliceView({ plane, scene, label, onCrosshair }: SliceViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const grid = useRef<SliceGrid | null>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });

  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setSize({ width: contentRect.width, height: contentRect.height }));
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);
  useNextFrame(() => {
    if (size.width > 0 && size.height > 0) grid.current = drawSlice(canvas.current!, plane, scene, size);
  }, [plane, scene, size]);

  const moveCrosshair = (event: ReactPointerEvent<HTMLCanvasElement>) => {
    if (!grid.current || event.buttons !== 1) return;
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * grid.current.width - 0.5;
    const y = ((event.clientY - top) / height) * grid.current.height - 0.5;
    onCrosshair(within(pointAt(x, y, grid.current), scene.box));
  };
  // React's wheel listener is passive, and this one must not scroll a panel.
  const latest = useRef({ scene, onCrosshair });
  useEffect(() => {
    latest.current = { scene, onCrosshair };
  }, [scene, onCrosshair]);
  useEffect(() => {
    const element = canvas.current!;
    const step = (event: WheelEvent) => {
      event.preventDefault();
      if (grid.current) latest.current.onCrosshair(within(throughSlices(latest.current.scene.crosshair, grid.current, plane, Math.sign(event.deltaY)), latest.current.scene.box));
    };
    element.addEventListener('wheel', step, { passive: false });
    return () => element.removeEventListener('wheel', step);
  }, [plane]);

  return (
    <canvas
      ref={canvas}
      className="slice-canvas"
      role="img"
      aria-label={label}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        moveCrosshair(event);
      }}
      onPointerMove={moveCrosshair}
    />
  );
}

/** Fits the largest in-plane diagonal of the case, so that nothing leaves the picture and all three slices have one scale. */
function voxelsAcross({ low, high }: Box): number {
  const size = high.map((h, axis) => h - low[axis] + 1).sort((a, b) => b - a);
  return Math.hypot(size[0], size[1]);
}

function drawSlice(canvas: HTMLCanvasElement, plane: Plane, scene: SliceScene, size: { width: number; height: number }): SliceGrid {
  const { shape, box, rotation, crosshair, structures, show } = scene;
  const ratio = Math.min(window.devicePixelRatio, mostPixels / Math.max(size.width, size.height));
  const width = Math.max(1, Math.round(size.width * ratio));
  const height = Math.max(1, Math.round(size.height * ratio));
  const grid = sliceGrid({ plane, shape, rotation, crosshair, width, height, voxelsPerPixel: voxelsAcross(box) / Math.min(width, height) });
  const grey = new Float32Array(width * height);
  resliceImage(scene.image, shape, grid, box, grey);

  const weightsOf = (layer: LabelLayer | null, isNeeded: boolean) => {
    if (!layer || !isNeeded) return [];
    const layerGrid = turnedGrid(grid, shape, layer.rotation);
    return structures.map(({ value, colour, opacity }) => {
      const weight = new Float32Array(width * height);
      resliceLabel(layer.labels, shape, value, layerGrid, boxOf(layer.labels, shape, value), weight);
      return { weight, colour, opacity };
    });
  };
  const prediction = weightsOf(scene.prediction, show.prediction || show.disagreement);
  const reference = weightsOf(scene.reference, show.reference || show.disagreement);
  const canDisagree = show.disagreement && scene.prediction && scene.reference;

  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  paintSlice(
    {
      width,
      height,
      grey,
      window: scene.window,
      background: scene.colours.background,
      prediction: show.prediction ? prediction : [],
      outlines: show.reference ? reference.map(({ weight }) => weight) : null,
      disagreement: canDisagree ? { predicted: together(prediction, width * height), reference: together(reference, width * height), missed: scene.colours.missed, extra: scene.colours.extra } : null,
      pixelRatio: ratio,
    },
    pixels.data,
  );
  context.putImageData(pixels, 0, 0);
  drawCrosshair(context, pixelOf(crosshair, grid), ratio);
  drawLetters(context, plane, scene, ratio);
  return grid;
}

function drawCrosshair(context: CanvasRenderingContext2D, [x, y]: readonly [number, number], ratio: number): void {
  const { width, height } = context.canvas;
  context.strokeStyle = 'rgb(255 255 255 / 0.4)';
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(0, y + 0.5);
  context.lineTo(width, y + 0.5);
  context.moveTo(x + 0.5, 0);
  context.lineTo(x + 0.5, height);
  context.stroke();
}

function drawLetters(context: CanvasRenderingContext2D, plane: Plane, { orientation, colours }: SliceScene, ratio: number): void {
  const { width, height } = context.canvas;
  const { right, up } = views[plane];
  const [atRight, atTop] = [right, up].map((direction) => letterOf(direction, orientation));
  const [atLeft, atBottom] = [right, up].map((direction) => letterOf([-direction[0], -direction[1], -direction[2]], orientation));
  context.font = `${10 * ratio}px monospace`;
  context.fillStyle = `rgb(${colours.letters.join()})`;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  // Beside the middle, where the crosshair often runs.
  const [inset, aside] = [8 * ratio, 9 * ratio];
  // Legible on bright tissue too.
  context.strokeStyle = `rgb(${colours.background.join()})`;
  context.lineWidth = 3 * ratio;
  context.lineJoin = 'round';
  const letter = (text: string, x: number, y: number) => {
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  letter(atLeft, inset, height / 2 - aside);
  letter(atRight, width - inset, height / 2 - aside);
  letter(atTop, width / 2 + aside, inset);
  letter(atBottom, width / 2 + aside, height - inset);
}

function together(layers: readonly { readonly weight: Float32Array }[], length: number): Float32Array {
  const sum = new Float32Array(length);
  for (const { weight } of layers) for (let at = 0; at < length; at++) sum[at] += weight[at];
  return sum;
}

/** One voxel further along the view's axis. */
function throughSlices(point: Vector3, { right, down }: SliceGrid, plane: Plane, step: number): Vector3 {
  const perPixel = Math.hypot(...right);
  const [a, b] = [right, down].map((v) => v.map((component) => component / perPixel));
  const normal = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const sense = plane === 'axial' ? -step : step;
  return [point[0] + sense * normal[0], point[1] + sense * normal[1], point[2] + sense * normal[2]];
}

const within = (point: Vector3, { low, high }: Box): Vector3 => [0, 1, 2].map((axis) => Math.min(high[axis], Math.max(low[axis], point[axis]))) as unknown as Vector3;

const boxes = new WeakMap<Uint8Array, Map<number, Box | null>>();
function boxOf(labels: Uint8Array, shape: Shape, value: number): Box | null {
  const known = boxes.get(labels) ?? new Map<number, Box | null>();
  boxes.set(labels, known);
  if (!known.has(value)) known.set(value, labelBox(labels, shape, value));
  return known.get(value)!;
}
