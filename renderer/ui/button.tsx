/** @file Buttons: with words, or an icon with its name as a tooltip and, where there is one, its key. */
import { Tooltip } from 'radix-ui';
import type { ButtonHTMLAttributes, ReactNode } from 'react';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: 'default' | 'ghost' | 'primary'; small?: boolean };

export const Button = ({ kind = 'default', small, className = '', ...rest }: ButtonProps) => <button type="button" className={`button ${kind} ${small ? 'small' : ''} ${className}`} {...rest} />;

export function IconButton({ name, keys, children, ...rest }: ButtonProps & { name: string; keys?: string; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <Button aria-label={name} aria-keyshortcuts={keys?.replace('Ctrl', 'Control').replaceAll(' ', '+')} className="icon" {...rest}>
          {children}
        </Button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tooltip" sideOffset={4}>
          {name}
          {keys && <kbd>{keys}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
