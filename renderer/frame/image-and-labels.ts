/** @file Which of the files somebody dropped are images, and which is the labels. */

/** Names as people give to label files. */
const labelName = /(^|[^a-z])(label|labels|seg|segmentation|mask|gt|dseg|aseg|reference)([^a-z]|$)/i;

/**
 * The images and the labels: of two or more files the one named like labels; where no name tells and there are two, the second.
 * More images are contrasts of one case, or the slices of one DICOM series.
 */
export function imagesAndLabels<T extends { readonly name: string }>(files: readonly T[]): { readonly images: readonly T[]; readonly labels?: T } {
  const named = files.filter(({ name }) => labelName.test(name));
  const labels = files.length < 2 ? undefined : named.length > 0 && named.length < files.length ? named.at(-1) : files.length === 2 ? files[1] : undefined;
  return { images: files.filter((file) => file !== labels), labels };
}
