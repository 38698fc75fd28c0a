/** @file A model's mark: its shape in its hue, the same on tiles, lines and bars. */

export type MarkShape = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross';
export interface ModelMark {
  readonly shape: MarkShape;
  /** Name of a colour token. */
  readonly colour: string;
  /** Models beyond the hues of their kind repeat one with a dash, and its shape hollow. */
  readonly dashed: boolean;
}

export const ModelMarkIcon = ({ mark, size = 10 }: { mark: ModelMark; size?: number }) => (
  <svg className="model-mark" width={size} height={size} viewBox="-5 -5 10 10" aria-hidden="true">
    <MarkShapePath mark={mark} />
  </svg>
);

/** The shape round (0, 0), for use inside another drawing. */
export function MarkShapePath({ mark, radius = 4.4, ...attributes }: { mark: ModelMark; radius?: number; stroke?: string; strokeWidth?: number; fillOpacity?: number }) {
  const colour = `var(${mark.colour})`;
  const r = radius;
  const d = shapes[mark.shape](r);
  if (mark.dashed && mark.shape !== 'cross') return <path d={shapes[mark.shape](0.8 * r)} {...attributes} fill="var(--surface)" stroke={colour} strokeWidth={0.4 * r} />;
  return mark.shape === 'cross' ? <path d={d} fill="none" strokeWidth={r * 0.6} {...attributes} stroke={colour} /> : <path d={d} fill={colour} {...attributes} />;
}

const shapes: Readonly<Record<MarkShape, (radius: number) => string>> = {
  circle: (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
  square: (r) => `M${-0.9 * r},${-0.9 * r}H${0.9 * r}V${0.9 * r}H${-0.9 * r}Z`,
  triangle: (r) => `M0,${-1.1 * r}L${1.1 * r},${0.9 * r}H${-1.1 * r}Z`,
  diamond: (r) => `M0,${-1.2 * r}L${1.2 * r},0L0,${1.2 * r}L${-1.2 * r},0Z`,
  cross: (r) => `M${-r},${-r}L${r},${r}M${-r},${r}L${r},${-r}`,
};
