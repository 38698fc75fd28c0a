/** @file What Gyra is, what it is not, and whose work it stands on. */
import { useSession } from '../state/session';
import { Dialog } from '../ui/dialog';
import { closeDialog, useDialog } from './dialogs';

export function AboutDialog() {
  const isOpen = useDialog(({ open }) => open === 'about');
  const status = useSession((session) => session.engine.status);
  return (
    <Dialog title="About Gyra" isOpen={isOpen} onClose={closeDialog}>
      <div className="about">
        <p>
          A research workbench for rotation robustness in 3D medical segmentation{status && <span className="num"> · version {status.version}</span>}.
        </p>
        <p>
          <b>Not a medical device.</b> Nothing shown here may be used for diagnosis or treatment.
        </p>
        <h3>Method</h3>
        <p>Diaz, Geiger, McKinley: Leveraging SO(3)-steerable convolutions for pose-robust semantic segmentation in 3D medical data. MELBA 2024:010, doi 10.59275/j.melba.2024-7189. Irreps and harmonics follow e3nn.</p>
        <h3>Images</h3>
        <p>
          Medical Segmentation Decathlon, Task04_Hippocampus (Antonelli et al., Nature Communications 13:4128, 2022; Simpson et al., arXiv:1902.09063; Vanderbilt University Medical Center), CC-BY-SA 4.0. Pictures saved from them carry the same
          licence.
        </p>
        <h3>Program</h3>
        <p>Gyra is under the Apache License 2.0. It contains React, zustand, Radix, cmdk, Recharts, lucide, zod and TensorFlow.js (MIT, ISC and Apache-2.0), and NiiVue (BSD-2-Clause).</p>
        {status && (
          <p className="quiet num">
            {status.backend}, {status.threads} threads, {status.mode}, {status.kernelVariant} SIMD
          </p>
        )}
      </div>
    </Dialog>
  );
}
