/** @file A data set small enough to train on in a test: bright blobs, a few voxels a side. */
import type { Shape } from '../../engine/contract/engine-api';
import { writeVolume } from '../../engine/data/nifti';
import { Random } from '../../engine/math/random';
import { voxelCount } from '../../engine/math/volume';
import { plainGeometry } from './nifti-file';

const shape: Shape = [12, 10, 9];

/** Files of a Decathlon folder with four training and two validation cases of one structure. */
export function tinyDataset(): Record<string, unknown> {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const files: Record<string, unknown> = {
    'dataset.json': { name: 'Blobs', labels: { 0: 'background', 1: 'Blob' }, training: ids.map((id) => ({ image: `./imagesTr/${id}.nii.gz`, label: `./labelsTr/${id}.nii.gz` })) },
    'split.json': { train: ids.slice(0, 4), validation: ids.slice(4), test: [] },
  };
  for (const id of ids) {
    const random = Random.stream(1, id);
    const centre = shape.map((size) => size / 2 + 2 * random.uniform() - 1);
    const labels = Uint8Array.from({ length: voxelCount(shape) }, (_, i) => {
      const p = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / shape[0] / shape[1])];
      return p.reduce((sum, x, axis) => sum + (x - centre[axis]!) ** 2, 0) < 9 ? 1 : 0;
    });
    const image = Float32Array.from(labels, (label) => 10 * label + random.normal());
    files[`imagesTr/${id}.nii.gz`] = writeVolume({ data: image, shape }, plainGeometry, 'image.nii.gz');
    files[`labelsTr/${id}.nii.gz`] = writeVolume({ data: labels, shape }, plainGeometry, 'label.nii.gz');
  }
  return files;
}

/** A complete training of a few seconds on it. */
export const tinySpec = {
  name: 'tiny',
  seed: 3,
  model: { architecture: 'steerable-unet', irreps: '2x0e+1x1e', outputs: 2, poolings: 1, kernelSize: 3 },
  data: { dataset: 'blobs' },
  sampling: { marginVoxels: 4 },
  optimiser: { learningRate: 0.02 },
  stopping: { stepsPerEpoch: 5, maximumSteps: 20, patienceEpochs: 10 },
};
