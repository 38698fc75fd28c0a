/** @file The structure that is pointed at in the inspector; the others step back in every tile. */
import { create } from 'zustand';

export const useHighlight = create<{ structure: number | null }>(() => ({ structure: null }));
export const highlight = (structure: number | null): void => useHighlight.setState({ structure });
export const isDimmed = (structure: number, highlighted: number | null): boolean => highlighted !== null && highlighted !== structure;
