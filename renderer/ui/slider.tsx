/** @file A slider for a share of one, shown in per cent. */
import { Slider as RadixSlider } from 'radix-ui';

interface ShareSliderProps {
  readonly label: string;
  /** 0 to 1. */
  readonly value: number;
  /** Once at the start of a gesture. */
  readonly onStart: () => void;
  readonly onChange: (value: number) => void;
}

export function ShareSlider({ label, value, onStart, onChange }: ShareSliderProps) {
  const percent = Math.round(value * 100);
  return (
    <span className="share-slider">
      <RadixSlider.Root
        className="slider"
        min={0}
        max={100}
        step={1}
        value={[percent]}
        onPointerDown={onStart}
        onKeyDownCapture={(event) => (event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End') && !event.repeat && onStart()}
        onValueChange={([next]) => onChange(next / 100)}
      >
        <RadixSlider.Track>
          <RadixSlider.Range />
        </RadixSlider.Track>
        <RadixSlider.Thumb aria-label={label} aria-valuetext={`${percent}%`} />
      </RadixSlider.Root>
      <output className="num">{percent}%</output>
    </span>
  );
}
