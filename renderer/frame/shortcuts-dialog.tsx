/** @file Every key and what it does. */
import { useWorkbench } from '../client/workbench-context';
import { Dialog } from '../ui/dialog';
import { lastingCommands } from './commands';
import { closeDialog, useDialog } from './dialogs';
import { keyText } from './keys';

export function ShortcutsDialog() {
  const isOpen = useDialog(({ open }) => open === 'shortcuts');
  const commands = lastingCommands(useWorkbench()).filter(({ keys }) => keys);
  return (
    <Dialog title="Shortcuts" isOpen={isOpen} onClose={closeDialog}>
      <table className="shortcuts">
        <tbody>
          {commands.map(({ name, keys }) => (
            <tr key={name}>
              <td>
                {keys!.map((key) => (
                  <kbd key={key}>{keyText(key)}</kbd>
                ))}
              </td>
              <td>{name}</td>
            </tr>
          ))}
          <tr>
            <td>
              <kbd>Shift</kbd> while dragging
            </td>
            <td>Turn in steps of 15°</td>
          </tr>
        </tbody>
      </table>
    </Dialog>
  );
}
