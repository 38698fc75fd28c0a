/** @file The window: top bar, one screen, job bar, and what lies over them. */
import { Tooltip } from 'radix-ui';
import { ExploreScreen } from '../screens/explore/explore-screen';
import { AnnouncedScreen } from '../screens/announced-screen';
import { useWorkspace } from '../state/workspace';
import { AboutDialog } from './about-dialog';
import { CommandPalette } from './command-palette';
import { DropTarget } from './drop-target';
import { JobBar } from './job-bar';
import { useKeyboard } from './keyboard';
import { Notices } from './notices';
import { ShortcutsDialog } from './shortcuts-dialog';
import { TopBar } from './top-bar';

export function App() {
  useKeyboard();
  const screen = useWorkspace((workspace) => workspace.screen);
  return (
    <Tooltip.Provider delayDuration={400}>
      <TopBar />
      <main className="main">{screen === 'explore' ? <ExploreScreen /> : <AnnouncedScreen screen={screen} />}</main>
      <JobBar />
      <Notices />
      <DropTarget />
      <CommandPalette />
      <ShortcutsDialog />
      <AboutDialog />
    </Tooltip.Provider>
  );
}
