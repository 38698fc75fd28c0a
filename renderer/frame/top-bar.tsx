/** @file Name, screens, command palette, undo and redo, theme, shortcuts. */
import { CircleHelp, Info, Redo2, Search, Sun, Undo2 } from 'lucide-react';
import { NavigationMenu } from 'radix-ui';
import { redo, undo, useHistory } from '../state/history';
import { useWorkspace, type Screen } from '../state/workspace';
import { IconButton } from '../ui/button';
import { screenNames } from './commands';
import { openDialog } from './dialogs';
import { switchTheme } from './theme';

export function TopBar() {
  const screen = useWorkspace((workspace) => workspace.screen);
  const lastDone = useHistory((history) => history.past.at(-1)?.label);
  const lastUndone = useHistory((history) => history.future.at(-1)?.label);
  return (
    <header className="top-bar">
      <div className="brand">
        <svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
          <ellipse cx="9" cy="9" rx="7.4" ry="3.2" transform="rotate(-28 9 9)" />
          <circle cx="9" cy="9" r="2.1" fill="currentColor" stroke="none" />
          <circle cx="15.5" cy="5.5" r="1.7" fill="currentColor" stroke="none" />
        </svg>
        Gyra
      </div>
      <NavigationMenu.Root className="screen-tabs" aria-label="Screens" delayDuration={0}>
        <NavigationMenu.List>
          {(Object.keys(screenNames) as Screen[]).map((name) => (
            <NavigationMenu.Item key={name}>
              <NavigationMenu.Link
                href={`#${name}`}
                active={name === screen}
                onClick={(event) => {
                  event.preventDefault();
                  useWorkspace.setState({ screen: name });
                }}
              >
                {screenNames[name]}
              </NavigationMenu.Link>
            </NavigationMenu.Item>
          ))}
        </NavigationMenu.List>
      </NavigationMenu.Root>
      <div className="top-actions">
        <button type="button" className="palette-button" onClick={() => openDialog('palette')} aria-keyshortcuts="Control+K">
          <Search size={16} />
          <span>Search or run a command</span>
          <kbd>Ctrl</kbd>
          <kbd>K</kbd>
        </button>
        <IconButton kind="ghost" name={lastDone ? `Undo: ${lastDone}` : 'Undo'} keys="Ctrl Z" disabled={!lastDone} onClick={undo}>
          <Undo2 size={16} />
        </IconButton>
        <IconButton kind="ghost" name={lastUndone ? `Redo: ${lastUndone}` : 'Redo'} keys="Ctrl Shift Z" disabled={!lastUndone} onClick={redo}>
          <Redo2 size={16} />
        </IconButton>
        <IconButton kind="ghost" name="Switch between light and dark" onClick={switchTheme}>
          <Sun size={16} />
        </IconButton>
        <IconButton kind="ghost" name="About Gyra" onClick={() => openDialog('about')}>
          <Info size={16} />
        </IconButton>
        <IconButton kind="ghost" name="Shortcuts" keys="?" onClick={() => openDialog('shortcuts')}>
          <CircleHelp size={16} />
        </IconButton>
      </div>
    </header>
  );
}
