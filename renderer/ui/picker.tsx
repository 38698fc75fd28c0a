/** @file A button that opens a searchable list. */
import { Command } from 'cmdk';
import { Check, ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState, type ReactNode } from 'react';

export interface PickerItem {
  readonly id: string;
  readonly name: string;
  /** Second column. */
  readonly detail?: ReactNode;
  readonly icon?: ReactNode;
  readonly isChosen: boolean;
  readonly isDisabled?: boolean;
}
interface PickerProps {
  readonly label: string;
  /** The choice in words, for those who do not see it. */
  readonly description: string;
  /** What the button says. */
  readonly children: ReactNode;
  readonly items: readonly PickerItem[];
  readonly emptyText: string;
  readonly onPick: (id: string) => void;
  /** A choice of several stays open after a pick. */
  readonly multiple?: boolean;
  readonly footer?: ReactNode;
}

export function Picker({ label, description, children, items, emptyText, onPick, multiple, footer }: PickerProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className="button pick" aria-label={label} aria-description={description}>
        {children}
        <ChevronDown size={14} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" align="start" sideOffset={4}>
          <Command label={label}>
            <Command.Input placeholder="Search" aria-label={`Search: ${label}`} />
            <Command.List>
              <Command.Empty>{emptyText}</Command.Empty>
              {items.map((item) => (
                <Command.Item
                  key={item.id}
                  value={`${item.name} ${item.id}`}
                  disabled={item.isDisabled}
                  aria-checked={item.isChosen}
                  onSelect={() => {
                    onPick(item.id);
                    if (!multiple) setOpen(false);
                  }}
                >
                  <span className="check">{item.isChosen && <Check size={14} />}</span>
                  {item.icon}
                  <span className="grow">{item.name}</span>
                  {item.detail && <span className="detail">{item.detail}</span>}
                </Command.Item>
              ))}
            </Command.List>
          </Command>
          {footer}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
