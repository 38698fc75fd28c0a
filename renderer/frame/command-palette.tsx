/** @file Search or run a command: everything by name. */
import { Command } from 'cmdk';
import { Search } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useWorkbench } from '../client/workbench-context';
import { lastingCommands, passingCommands } from './commands';
import { closeDialog, useDialog } from './dialogs';
import { keyText } from './keys';

export function CommandPalette() {
  const isOpen = useDialog(({ open }) => open === 'palette');
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && closeDialog()}>
      <Dialog.Portal>
        <Dialog.Overlay className="dialog-overlay" />
        <Dialog.Content className="palette" aria-describedby={undefined}>
          <Dialog.Title className="hidden-title">Search or run a command</Dialog.Title>
          <CommandList />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function CommandList() {
  const workbench = useWorkbench();
  const commands = [...passingCommands(workbench), ...lastingCommands(workbench).filter(({ keys }) => !keys?.includes('Ctrl+k'))];
  return (
    <Command label="Commands" loop>
      <div className="palette-input">
        <Search size={16} />
        <Command.Input autoFocus placeholder="Search or run a command" />
        <kbd>Esc</kbd>
      </div>
      <Command.List>
        <Command.Empty>No command has these words.</Command.Empty>
        {commands.map(({ name, group, keys, run }) => (
          <Command.Item
            key={name}
            value={name}
            onSelect={() => {
              closeDialog();
              run();
            }}
          >
            <span className="grow">{name}</span>
            <span className="detail">{group}</span>
            {keys && <kbd>{keyText(keys[0])}</kbd>}
          </Command.Item>
        ))}
      </Command.List>
    </Command>
  );
}
