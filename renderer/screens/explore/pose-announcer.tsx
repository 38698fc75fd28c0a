/** @file Says the pose and each model's Dice once the head rests, for those who do not see it. */
import { useEffect, useState } from 'react';
import type { ModelSummary } from '../../../engine/contract/engine-api';
import { poseText, rotationOf, sameRotation } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { useSession } from '../../state/session';
import { diceText } from '../../ui/format';

const restMs = 700;

export function PoseAnnouncer({ shown }: { shown: readonly ModelSummary[] }) {
  const { pose, playing } = usePose();
  const segmentations = useSession((session) => session.segmentations);
  const [text, setText] = useState('');
  useEffect(() => {
    if (playing !== 'no') return;
    const rotation = rotationOf(pose);
    const timer = setTimeout(() => {
      const ready = shown.filter(({ id }) => segmentations[id] && sameRotation(segmentations[id].rotation, rotation));
      if (ready.length === shown.length && ready.length > 0) setText(`${poseText(pose)}: ${ready.map(({ id, name }) => `${name} Dice ${diceText(segmentations[id].meanDice)}`).join(', ')}`);
    }, restMs);
    return () => clearTimeout(timer);
  }, [pose, playing, segmentations, shown]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}
