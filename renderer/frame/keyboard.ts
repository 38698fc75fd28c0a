/** @file Keys of the whole window, except where a control needs them itself. */
import { useEffect } from 'react';
import { useWorkbench } from '../client/workbench-context';
import { useWorkspace } from '../state/workspace';
import { lastingCommands } from './commands';
import { useDialog } from './dialogs';
import { keyOf } from './keys';

export function useKeyboard(): void {
  const workbench = useWorkbench();
  useEffect(() => {
    const commands = lastingCommands(workbench);
    const press = (event: KeyboardEvent) => {
      const key = keyOf(event);
      if (event.defaultPrevented || event.altKey || useDialog.getState().open || belongsToControl(event.target, key)) return;
      const command = commands.find(({ keys }) => keys?.includes(key));
      if (!command || (command.group !== 'General' && command.group !== 'Screen' && useWorkspace.getState().screen !== 'explore')) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [workbench]);
}

/** Whether the focused control does something with this key; sliders that turn the head are marked and want the same as the window. */
function belongsToControl(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="listbox"], [role="menu"]')) return !key.startsWith('Ctrl+k');
  if (target.closest('button, a, [role="switch"]') && key === 'Space') return true;
  return target.closest('[role="slider"]:not([data-turns])') !== null && !key.startsWith('Ctrl+') && /Arrow|Home|End|Page/.test(key);
}
