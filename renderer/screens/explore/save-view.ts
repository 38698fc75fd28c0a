/** @file The stage as a PNG: every picture as it stands, with its model, Dice and pose written on it. */
import { poseText } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { notify, useSession } from '../../state/session';
import { diceText } from '../../ui/format';
import { redrawScenes } from '../../viewer/volume-scene';

const titleHeight = 36;

export function saveView(): void {
  const stage = document.querySelector<HTMLElement>('.stage');
  const { open, segmentations, models } = useSession.getState();
  if (!stage || !open) return notify({ kind: 'info', message: 'There is nothing to save yet.', remedy: 'Open a case first.' });
  const ratio = window.devicePixelRatio;
  const bounds = stage.getBoundingClientRect();
  const picture = document.createElement('canvas');
  const tiles = [...stage.querySelectorAll<HTMLElement>('[data-model]')];
  const top = Math.min(...tiles.map((tile) => tile.querySelector('.views')!.getBoundingClientRect().top)) - titleHeight;
  picture.width = bounds.width * ratio;
  picture.height = (bounds.bottom - top) * ratio;
  const context = picture.getContext('2d')!;
  context.scale(ratio, ratio);
  context.translate(-bounds.left, -top);
  const style = getComputedStyle(stage);
  context.fillStyle = style.getPropertyValue('--viewer');
  context.fillRect(bounds.left, top, bounds.width, bounds.bottom - top);
  // What WebGL drew can only be read in the same turn of the event loop.
  redrawScenes();
  for (const canvas of stage.querySelectorAll('canvas')) {
    const { left, top: canvasTop, width, height } = canvas.getBoundingClientRect();
    if (width > 0 && height > 0) context.drawImage(canvas, left, canvasTop, width, height);
  }
  context.fillStyle = style.getPropertyValue('--viewer-ink');
  context.font = `600 14px ${style.getPropertyValue('--font-ui')}`;
  context.textBaseline = 'middle';
  const pose = poseText(usePose.getState().pose);
  for (const tile of tiles) {
    const model = models.find(({ id }) => id === tile.dataset.model);
    const dice = segmentations[tile.dataset.model ?? '']?.meanDice;
    context.fillText(`${model?.name ?? ''}   Dice ${diceText(dice)}   ${open.name}, ${pose}`, tile.getBoundingClientRect().left + 12, top + titleHeight / 2);
  }
  picture.toBlob((blob) => {
    if (!blob) return notify({ kind: 'error', message: 'The picture could not be made.', remedy: 'Make the window smaller and try again.' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${open.name.replace(/\.nii(\.gz)?$/, '')} ${pose}.png`.replace(/[^\w .-]+/g, '');
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
