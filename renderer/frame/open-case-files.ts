/** @file Files of a person's own, dropped or chosen: read here, sent to the engine. */
import type { Workbench } from '../client/workbench';
import { notify } from '../state/session';
import { useWorkspace } from '../state/workspace';
import { imagesAndLabels } from './image-and-labels';

/** Reads the files of one case, images and perhaps labels, and has the engine open them. */
export async function openCaseFiles(workbench: Workbench, files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  const { images, labels } = imagesAndLabels(files);
  useWorkspace.setState({ screen: 'explore' });
  try {
    await workbench.openFiles(await Promise.all(images.map(read)), labels && (await read(labels)));
  } catch {
    // A folder, or a file that was moved away meanwhile.
    notify({ kind: 'error', message: `${images[0].name} could not be read.`, remedy: 'Give files, not a folder, from a place that is still there; of a DICOM series, all its slices at once.' });
  }
}

const read = async (file: File) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });

/** Asks the system for files. */
export function chooseCaseFiles(workbench: Workbench): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  // Some systems know only the last part of .nii.gz.
  input.accept = '.nii,.gz,.nrrd,.mha,.mgh,.mgz,.dcm,.ima';
  input.onchange = () => void openCaseFiles(workbench, [...(input.files ?? [])]);
  input.click();
}
