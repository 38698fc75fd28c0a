/** @file Files dropped anywhere on the window: one case, with its labels or without. */
import { useEffect, useState } from 'react';
import { useWorkbench } from '../client/workbench-context';
import { openCaseFiles } from './open-case-files';

export function DropTarget() {
  const workbench = useWorkbench();
  const [fileCount, setFileCount] = useState(0);
  useEffect(() => {
    let depth = 0;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const listeners = {
      dragenter(event: DragEvent) {
        if (!hasFiles(event)) return;
        depth++;
        setFileCount([...event.dataTransfer!.items].filter(({ kind }) => kind === 'file').length || 1);
      },
      dragleave(event: DragEvent) {
        if (hasFiles(event) && --depth === 0) setFileCount(0);
      },
      dragover(event: DragEvent) {
        if (hasFiles(event)) event.preventDefault();
      },
      drop(event: DragEvent) {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth = 0;
        setFileCount(0);
        void openCaseFiles(workbench, [...event.dataTransfer!.files]);
      },
    };
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener as EventListener);
    };
  }, [workbench]);

  if (fileCount === 0) return null;
  return (
    <div className="drop-overlay">
      <div>
        <b>{`Drop to open ${fileCount === 1 ? 'a case' : `${fileCount} files as one case`}`}</b>
        <span>{fileCount === 1 ? 'NIfTI, NRRD, MetaImage or MGH; with its labels as a second file, Dice is shown' : 'images and labels, several contrasts, or the slices of a DICOM series'}</span>
      </div>
    </div>
  );
}
