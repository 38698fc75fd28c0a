/** @file On or off, with its name beside it. */
import { Switch as RadixSwitch } from 'radix-ui';
import { useId, type ReactNode } from 'react';

interface SwitchProps {
  readonly name: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
  /** What stands at the end of the row. */
  readonly children?: ReactNode;
}

export function Switch({ name, checked, onChange, disabled, children }: SwitchProps) {
  const id = useId();
  return (
    <div className="switch-row">
      <RadixSwitch.Root id={id} className="switch" checked={checked} onCheckedChange={onChange} disabled={disabled}>
        <RadixSwitch.Thumb />
      </RadixSwitch.Root>
      <label htmlFor={id}>{name}</label>
      {children}
    </div>
  );
}
