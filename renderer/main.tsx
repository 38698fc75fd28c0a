/** @file Where the window starts. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { bridge } from './client/bridge';
import { Workbench } from './client/workbench';
import { WorkbenchContext } from './client/workbench-context';
import { App } from './frame/app';
import { followTheme } from './frame/theme';
import { keepPlace, restorePlace } from './state/persistence';
import './styles/index.css';

restorePlace(localStorage);
keepPlace(localStorage);
followTheme();
const workbench = new Workbench(bridge);
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <WorkbenchContext value={workbench}>
      <App />
    </WorkbenchContext>
  </StrictMode>,
);
void workbench.start();
