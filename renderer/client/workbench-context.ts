/** @file The workbench for every component that asks something of it. */
import { createContext, useContext } from 'react';
import type { Workbench } from './workbench';

export const WorkbenchContext = createContext<Workbench | null>(null);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error('This component stands outside of the workbench.');
  return workbench;
}
