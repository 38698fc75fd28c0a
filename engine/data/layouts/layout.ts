/** @file What every layout of a data set is brought to: cases with their files, the contrasts each has, and the structures their labels name. */
import type { Problem } from '../../contract/problem';
import type { Structure } from '../../contract/structure';

export interface CaseFiles {
  readonly id: string;
  /** One file (or folder of one DICOM series) for each contrast in the order of {@link Dataset.contrasts}, or one that holds them all. */
  readonly imagePaths: readonly string[];
  readonly labelPath: string;
  /** Who it is of, where the layout says so: cases of one subject stay in one part of the split. */
  readonly subject?: string;
  /** What is wrong with its list of files: reading it says so. */
  readonly problem?: Problem;
}

export interface Dataset {
  readonly name: string;
  readonly folder: string;
  readonly structures: readonly Structure[];
  /** Names of the contrasts each case has. */
  readonly contrasts: readonly string[];
  readonly cases: readonly CaseFiles[];
  /** Label of the voxels that count nowhere. */
  readonly ignoreLabel?: number;
  /** Label of each code in the label files, where these hold other codes; codes without one are background. */
  readonly labelOfCode?: ReadonlyMap<number, number>;
}

/** What is wrong, and with which case; without a case, with the data set as a whole. */
export interface Finding extends Problem {
  readonly case?: string;
}

/** What a folder holds and what is wrong with its list of files. */
export interface Survey {
  readonly dataset: Dataset;
  readonly problems: readonly Finding[];
}

export interface Layout {
  readonly title: string;
  /** @param names of the files and folders in it */
  matches(folder: string, names: readonly string[]): boolean | Promise<boolean>;
  survey(folder: string): Promise<Survey>;
}

export const finding = (message: string, remedy: string, ofCase?: string): Finding => ({ code: 'bad-input', message, remedy, ...(ofCase !== undefined && { case: ofCase }) });
