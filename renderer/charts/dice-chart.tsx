/** @file Dice over angle: mean of the test cases with its band, this case's own points, and a marker at the present pose. */
import { memo, useEffect, useRef, useState, type PointerEvent as ReactPointerEvent } from 'react';
import { Area, CartesianGrid, ComposedChart, Line, XAxis, YAxis } from 'recharts';
import { diceText } from '../ui/format';
import type { CurvePoint } from '../../engine/contract/engine-api';
import { largestAngleDegrees } from '../../engine/math/rotation';
import { MarkShapePath, ModelMarkIcon, type ModelMark } from '../ui/model-mark';
import { bandKey, diceAt, diceRows, frameKey, meanKey, spreadApart, type DiceSeries } from './dice-series';

/** Dice of one model just now. */
export interface DiceNow {
  readonly modelId: string;
  readonly dice: number | null;
  /** Of the pose before: the newest is still being computed. */
  readonly isStale: boolean;
}
interface DiceChartProps {
  readonly series: readonly DiceSeries[];
  readonly degrees: number;
  /** Off the plane's curve: marks are hollow at the nearest angle. */
  readonly isHollow: boolean;
  readonly now: readonly DiceNow[];
  readonly label: string;
  readonly onPick: (degrees: number) => void;
}

/** Where the plot lies in the chart; the angle rail below lines up with it. */
export const plotInset = { left: 42, right: 152 };
const inset = { ...plotInset, top: 8, bottom: 6 };
const labelGap = 34;

export function DiceChart({ series, degrees, isHollow, now, label, onPick }: DiceChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [{ width, height }, setSize] = useState({ width: 0, height: 0 });
  const [hoverDegrees, setHover] = useState<number | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setSize({ width: Math.floor(contentRect.width), height: Math.floor(contentRect.height) }));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  // By content, so that a new point of this case does not draw the means again.
  const means = useStable(series.map(({ mean }) => mean));
  const marks = useStable(series.map(({ mark }) => mark));
  const plotWidth = width - inset.left - inset.right;
  const x = (angle: number) => inset.left + (angle / largestAngleDegrees) * plotWidth;
  const y = (dice: number) => inset.top + (1 - dice) * (height - inset.top - inset.bottom);
  const angleUnder = (event: ReactPointerEvent<HTMLDivElement>): number | null => {
    const angle = ((event.clientX - event.currentTarget.getBoundingClientRect().left - inset.left) / plotWidth) * largestAngleDegrees;
    return angle < -2 || angle > largestAngleDegrees + 2 ? null : Math.round(Math.min(largestAngleDegrees, Math.max(0, angle)));
  };
  return (
    <div
      className="dice-chart"
      ref={box}
      role="img"
      aria-label={label}
      onPointerMove={(event) => setHover(angleUnder(event))}
      onPointerLeave={() => setHover(null)}
      onClick={() => hoverDegrees !== null && onPick(hoverDegrees)}
    >
      {plotWidth > 50 && height > 40 && (
        <>
          <Curves means={means} marks={marks} width={width} height={height} />
          <svg className="dice-marks" width={width} height={height} aria-hidden="true">
            {series.map(({ modelId, mark, mean, ofCase }) => (
              <path key={modelId} className={`case-line ${mean.length > 0 ? 'dotted' : ''}`} stroke={`var(${mark.colour})`} d={ofCase.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.degrees)},${y(point.dice)}`).join('')} />
            ))}
            <EndLabels series={series} degrees={degrees} x={width - inset.right + 10} y={y} height={height} />
            <Marker series={series} now={now} isHollow={isHollow} x={x(degrees)} y={y} height={height} isLabelLeft={x(degrees) > width - inset.right - 48} />
            {hoverDegrees !== null && <path className="hairline" d={`M${x(hoverDegrees)},${inset.top}V${height - inset.bottom}`} />}
          </svg>
          {hoverDegrees !== null && <HoverTable series={series} degrees={hoverDegrees} left={x(hoverDegrees)} isRight={hoverDegrees > 110} />}
        </>
      )}
    </div>
  );
}

/** The list of before while its members are the same. */
function useStable<T>(list: readonly T[]): readonly T[] {
  const kept = useRef(list);
  const isSame = kept.current.length === list.length && list.every((member, index) => member === kept.current[index]);
  useEffect(() => {
    if (!isSame) kept.current = list;
  });
  return isSame ? kept.current : list;
}

/** Axes, means and bands: what does not change while the head turns. */
const Curves = memo(function Curves({ means, marks, width, height }: { means: readonly (readonly CurvePoint[])[]; marks: readonly ModelMark[]; width: number; height: number }) {
  return (
    <ComposedChart width={width} height={height} data={diceRows(means)} margin={{ left: 0, right: inset.right, top: inset.top, bottom: inset.bottom }} accessibilityLayer={false}>
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis dataKey="degrees" type="number" domain={[0, largestAngleDegrees]} hide />
      <YAxis width={inset.left} domain={[0, 1]} ticks={[0, 0.25, 0.5, 0.75, 1]} interval={0} tickFormatter={(value: number) => value.toFixed(2)} axisLine={false} tickLine={false} tick={{ fill: 'var(--ink-2)', fontSize: 11 }} />
      <Line dataKey={frameKey} stroke="none" dot={false} activeDot={false} isAnimationActive={false} />
      {marks.map((mark, index) => (
        <Area key={bandKey(index)} dataKey={bandKey(index)} stroke="none" fill={`var(${mark.colour})`} fillOpacity="var(--band)" connectNulls dot={false} activeDot={false} isAnimationActive={false} type="linear" />
      ))}
      {marks.map((mark, index) => (
        <Line key={meanKey(index)} dataKey={meanKey(index)} stroke={`var(${mark.colour})`} strokeWidth={2} strokeDasharray={mark.dashed ? '6 3' : undefined} connectNulls dot={false} activeDot={false} isAnimationActive={false} type="linear" />
      ))}
    </ComposedChart>
  );
});

interface OverlayProps {
  readonly series: readonly DiceSeries[];
  readonly x: number;
  readonly y: (dice: number) => number;
  readonly height: number;
}

/** Name at the end of each line, with its value at the present angle. */
function EndLabels({ series, degrees, x, y, height }: OverlayProps & { degrees: number }) {
  const ends = series.map(({ mean, ofCase }) => y(mean.at(-1)?.mean ?? ofCase.at(-1)?.dice ?? 0.5));
  const tops = spreadApart(ends.map((end) => end - labelGap / 2), labelGap, 0, height - labelGap);
  return series.map((one, index) => {
    const { mean, sd, ofCase } = diceAt(one, degrees);
    return (
      <g key={one.modelId} transform={`translate(${x},${tops[index] + labelGap / 2})`}>
        <g transform="translate(0,-6)">
          <MarkShapePath mark={one.mark} />
        </g>
        <text x={10} y={-2}>
          {one.name}
        </text>
        <text x={10} y={12} className="num">
          {mean !== null && sd !== null ? `${diceText(mean)} ± ${diceText(sd)} at ${Math.round(degrees)}°` : ofCase !== null ? `${diceText(ofCase)}, n = 1` : '–'}
        </text>
      </g>
    );
  });
}

function Marker({ series, now, isHollow, x, y, height, isLabelLeft }: OverlayProps & { now: readonly DiceNow[]; isHollow: boolean; isLabelLeft: boolean }) {
  const marks = now.filter((entry): entry is DiceNow & { dice: number } => entry.dice !== null);
  const labels = spreadApart(marks.map(({ dice }) => y(dice)), 14, inset.top + 4, height - inset.bottom);
  // Where one mark lies on another, each value says by a mark of its own whose it is.
  const isCrowded = marks.some(({ dice }, index) => Math.abs(labels[index] - y(dice)) > 1);
  const labelLeft = isCrowded ? 21 : 11;
  return (
    <g>
      <path className="pose-line" d={`M${x},${inset.top}V${height}`} strokeDasharray={isHollow ? '3 3' : undefined} />
      {marks.map(({ modelId, dice, isStale }, index) => {
        const mark = series.find((one) => one.modelId === modelId)?.mark;
        if (!mark) return null;
        return (
          <g key={modelId}>
            <g transform={`translate(${x},${y(dice)})`}>
              {isHollow ? <MarkShapePath mark={mark} radius={6} fillOpacity={0} stroke={`var(${mark.colour})`} strokeWidth={2} /> : <MarkShapePath mark={mark} radius={6.5} stroke="var(--surface)" strokeWidth={1.5} />}
            </g>
            {isCrowded && (
              <g transform={`translate(${isLabelLeft ? x - 14 : x + 14},${labels[index]})`}>
                <MarkShapePath mark={mark} radius={3.5} />
              </g>
            )}
            <text className={`num value ${isStale ? 'stale' : ''}`} x={isLabelLeft ? x - labelLeft : x + labelLeft} textAnchor={isLabelLeft ? 'end' : 'start'} y={labels[index] + 4}>
              {diceText(dice)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function HoverTable({ series, degrees, left, isRight }: { series: readonly DiceSeries[]; degrees: number; left: number; isRight: boolean }) {
  return (
    <table className="hover-table" style={isRight ? { right: `calc(100% - ${left - 8}px)` } : { left: left + 8 }}>
      <thead>
        <tr>
          <th className="num">{degrees}°</th>
          <th>test cases</th>
          <th>this case</th>
        </tr>
      </thead>
      <tbody>
        {series.map((one) => {
          const { mean, sd, ofCase } = diceAt(one, degrees);
          return (
            <tr key={one.modelId}>
              <td>
                <ModelMarkIcon mark={one.mark} size={8} /> {one.name}
              </td>
              <td className="num">{mean === null || sd === null ? '–' : `${diceText(mean)} ± ${diceText(sd)}`}</td>
              <td className="num">{diceText(ofCase)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
