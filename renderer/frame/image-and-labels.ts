/** @file Which of the files somebody dropped is the image, and which its labels. */

/** Names as people give to label files. */
const labelName = /(^|[^a-z])(label|labels|seg|segmentation|mask|gt|dseg|aseg|reference)([^a-z]|$)/i;

/** Which of two files is the image: the one not named like labels, else the first. */
export function imageAndLabels<T extends { readonly name: string }>(files: readonly T[]): readonly [image: T, labels?: T] {
  const [first, second] = files;
  if (!second) return [first];
  return labelName.test(first.name) && !labelName.test(second.name) ? [second, first] : [first, second];
}
