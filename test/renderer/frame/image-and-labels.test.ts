import { describe, expect, it } from 'vitest';
import { imageAndLabels } from '../../../renderer/frame/image-and-labels';

const named = (...names: string[]) => imageAndLabels(names.map((name) => ({ name }))).map((file) => file?.name);

describe('dropped files', () => {
  it('are told apart by what label files are called', () => {
    expect(named('sub-07_seg.nii.gz', 'sub-07_T1w.nii.gz')).toEqual(['sub-07_T1w.nii.gz', 'sub-07_seg.nii.gz']);
    expect(named('scan.nii', 'scan-labels.nii')).toEqual(['scan.nii', 'scan-labels.nii']);
    expect(named('dseg_07.nii', 'T1.nii')).toEqual(['T1.nii', 'dseg_07.nii']);
  });
  it('keep their order when names do not tell', () => {
    expect(named('a.nii', 'b.nii')).toEqual(['a.nii', 'b.nii']);
    expect(named('only.nii')).toEqual(['only.nii']);
    // A word that merely contains one of them is no label file.
    expect(named('segovia.nii', 'b.nii')).toEqual(['segovia.nii', 'b.nii']);
  });
});
