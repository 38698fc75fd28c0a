import { describe, expect, it } from 'vitest';
import { imagesAndLabels } from '../../../renderer/frame/image-and-labels';

const named = (...names: string[]) => {
  const { images, labels } = imagesAndLabels(names.map((name) => ({ name })));
  return [...images, ...(labels ? [labels] : [])].map(({ name }) => name);
};

describe('dropped files', () => {
  it('are told apart by what label files are called', () => {
    expect(named('sub-07_seg.nii.gz', 'sub-07_T1w.nii.gz')).toEqual(['sub-07_T1w.nii.gz', 'sub-07_seg.nii.gz']);
    expect(named('scan.nii', 'scan-labels.nii')).toEqual(['scan.nii', 'scan-labels.nii']);
    expect(named('dseg_07.nii', 'T1.nii')).toEqual(['T1.nii', 'dseg_07.nii']);
  });
  it('are contrasts or slices where there are more', () => {
    const of = (...names: string[]) => imagesAndLabels(names.map((name) => ({ name })));
    expect(of('t1.nii', 'seg.nii', 'flair.nii')).toEqual({ images: [{ name: 't1.nii' }, { name: 'flair.nii' }], labels: { name: 'seg.nii' } });
    expect(of('1.dcm', '2.dcm', '3.dcm')).toEqual({ images: [{ name: '1.dcm' }, { name: '2.dcm' }, { name: '3.dcm' }], labels: undefined });
  });
  it('keep their order when names do not tell', () => {
    expect(named('a.nii', 'b.nii')).toEqual(['a.nii', 'b.nii']);
    expect(named('only.nii')).toEqual(['only.nii']);
    // A word that merely contains one of them is no label file.
    expect(named('segovia.nii', 'b.nii')).toEqual(['segovia.nii', 'b.nii']);
  });
});
