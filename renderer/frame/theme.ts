/** @file Light or dark: as the system has it until a person chooses. */
import { useWorkspace } from '../state/workspace';

const systemIsLight = window.matchMedia('(prefers-color-scheme: light)');

const shownTheme = (): 'light' | 'dark' => {
  const { theme } = useWorkspace.getState();
  return theme === 'system' ? (systemIsLight.matches ? 'light' : 'dark') : theme;
};
export const switchTheme = (): void => useWorkspace.setState({ theme: shownTheme() === 'dark' ? 'light' : 'dark' });

export function followTheme(): void {
  const apply = () => {
    document.documentElement.dataset.theme = shownTheme();
  };
  apply();
  useWorkspace.subscribe(apply);
  systemIsLight.addEventListener('change', apply);
}
