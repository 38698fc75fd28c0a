/** @file Files of a person's own, dropped or chosen: read here, sent to the engine. */
import type { Workbench } from '../client/workbench';
import { notify } from '../state/session';
import { useWorkspace } from '../state/workspace';
import { imageAndLabels } from './image-and-labels';

/** Reads one image, or an image and its labels, and has the engine open them as a case. */
export async function openCaseFiles(workbench: Workbench, files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  if (files.length > 2) return notify({ kind: 'error', message: `${files.length} files were given; a case is one image, or an image and its labels.`, remedy: 'Give one or two NIfTI files.' });
  const [image, labels] = imageAndLabels(files);
  useWorkspace.setState({ screen: 'explore' });
  try {
    await workbench.openFiles(await read(image), labels && (await read(labels)));
  } catch {
    // A folder, or a file that was moved away meanwhile.
    notify({ kind: 'error', message: `${image.name} could not be read.`, remedy: 'Give a file, not a folder, from a place that is still there.' });
  }
}

const read = async (file: File) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });

/** Asks the system for files. */
export function chooseCaseFiles(workbench: Workbench): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  // Some systems know only the last part of .nii.gz.
  input.accept = '.nii,.gz';
  input.onchange = () => void openCaseFiles(workbench, [...(input.files ?? [])]);
  input.click();
}
