/** @file Which dialog is open: at most one. */
import { create } from 'zustand';

export type DialogName = 'palette' | 'shortcuts' | 'about';
export const useDialog = create<{ open: DialogName | null }>(() => ({ open: null }));
export const openDialog = (open: DialogName): void => useDialog.setState({ open });
export const closeDialog = (): void => useDialog.setState({ open: null });
