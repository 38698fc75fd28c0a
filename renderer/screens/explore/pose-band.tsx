/** @file The pose: the dial with its controls, and Dice over angle with the same handle as its axis. */
import { ChevronLeft, ChevronRight, Pause, Play, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { planes, type ModelSummary, type Plane } from '../../../engine/contract/engine-api';
import { axisAngle, cubeRotations } from '../../../engine/math/rotation';
import { angleShown, atAngle, rightAngleIndex } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { goTo, goUpright, pickPlane, playOrPause, stepThroughRightAngles } from '../../state/turning';
import { Button, IconButton } from '../../ui/button';
import { parseDegrees } from '../../ui/format';
import { Segmented } from '../../ui/segmented';
import { DicePanel } from './dice-panel';
import { HeadDial } from './head-dial';

const planeNames: Readonly<Record<Plane, string>> = { sagittal: 'Sagittal', coronal: 'Coronal', axial: 'Axial' };

export function PoseBand({ shown }: { shown: readonly ModelSummary[] }) {
  const { pose, playing } = usePose();
  return (
    <div className="pose-band">
      <section className="turn" aria-label="Turn the head">
        <h2>Turn the head</h2>
        <HeadDial />
        <div className="turn-controls">
          <Segmented vertical label="Plane" value={pose.kind === 'angle' ? pose.plane : null} options={planes.map((value) => ({ value, name: planeNames[value] }))} onChange={pickPlane} />
          <AngleField />
          <div className="pair">
            <IconButton name={playing === 'play' ? 'Pause' : 'Play'} keys="Space" onClick={playOrPause}>
              {playing === 'play' ? <Pause size={16} /> : <Play size={16} />}
            </IconButton>
            <IconButton name="Back to upright" keys="Home" onClick={goUpright}>
              <RotateCcw size={16} />
            </IconButton>
          </div>
          <RightAngles />
        </div>
        <p className="hint">Drag the knob, the chart’s axis, or a volume itself.</p>
      </section>
      <DicePanel shown={shown} />
    </div>
  );
}

/** The angle as a number to read and to type. */
function AngleField() {
  const pose = usePose((state) => state.pose);
  const [draft, setDraft] = useState<string | null>(null);
  const commit = () => {
    const degrees = draft === null ? null : parseDegrees(draft);
    setDraft(null);
    if (degrees !== null) goTo(atAngle(pose.plane, degrees));
  };
  return (
    <input
      className="angle-field num"
      aria-label={`Angle in degrees, ${pose.plane} plane, 0 to 180`}
      inputMode="decimal"
      value={draft ?? (pose.kind === 'angle' ? `${pose.degrees.toFixed(1)}°` : `≈ ${angleShown(pose).toFixed(0)}°`)}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
        if (event.key === 'Escape') setDraft(null);
      }}
    />
  );
}

function RightAngles() {
  const pose = usePose((state) => state.pose);
  const index = rightAngleIndex(pose);
  const name = index === null ? 'Step through the 24 right angles' : `Right angle ${index + 1} of 24: ${Math.round(axisAngle(cubeRotations[index].matrix).angleDegrees)}°`;
  return (
    <div className="right-angles" role="group" aria-label={name}>
      <Button kind="ghost" className="icon" aria-label="Previous of the 24 right angles" onClick={() => stepThroughRightAngles(-1)}>
        <ChevronLeft size={16} />
      </Button>
      <span title={name}>{index === null ? '90°' : <span className="num">{index + 1}/24</span>}</span>
      <Button kind="ghost" className="icon" aria-label="Next of the 24 right angles" onClick={() => stepThroughRightAngles(1)}>
        <ChevronRight size={16} />
      </Button>
    </div>
  );
}
