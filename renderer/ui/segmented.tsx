/** @file One choice of a few, all of them visible. */
import { ToggleGroup } from 'radix-ui';

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T | null;
  readonly options: readonly { readonly value: T; readonly name: string }[];
  readonly onChange: (value: T) => void;
  readonly vertical?: boolean;
}

export function Segmented<T extends string>({ label, value, options, onChange, vertical }: SegmentedProps<T>) {
  return (
    <ToggleGroup.Root
      type="single"
      className={`segmented ${vertical ? 'vertical' : ''}`}
      aria-label={label}
      orientation={vertical ? 'vertical' : 'horizontal'}
      value={value ?? ''}
      // Radix reports '' when the chosen one is pressed again; a choice stays.
      onValueChange={(next) => next && onChange(next as T)}
    >
      {options.map((option) => (
        <ToggleGroup.Item key={option.value} value={option.value}>
          {option.name}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
