/** @file A dialog with a title and a way out. */
import { X } from 'lucide-react';
import { Dialog as RadixDialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button } from './button';

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export const Dialog = ({ title, isOpen, onClose, children }: DialogProps) => (
  <RadixDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
    <RadixDialog.Portal>
      <RadixDialog.Overlay className="dialog-overlay" />
      <RadixDialog.Content className="dialog" aria-describedby={undefined}>
        <header>
          <RadixDialog.Title>{title}</RadixDialog.Title>
          <RadixDialog.Close asChild>
            <Button kind="ghost" className="icon" aria-label="Close">
              <X size={16} />
            </Button>
          </RadixDialog.Close>
        </header>
        {children}
      </RadixDialog.Content>
    </RadixDialog.Portal>
  </RadixDialog.Root>
);
