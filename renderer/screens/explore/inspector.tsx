/** @file What is laid over the scan, which structures, and the worst pose found so far. */
import { Eye, EyeOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ModelSummary, Structure } from '../../../engine/contract/engine-api';
import { visitCount, worstVisit } from '../../state/dice-of-case';
import { highlight } from '../../state/highlight';
import { changeSettings, remember } from '../../state/history';
import { isUpright, poseText, type Pose } from '../../state/pose';
import { useSession } from '../../state/session';
import { markOf } from '../../state/shown-models';
import { goTo } from '../../state/turning';
import { useWorkspace } from '../../state/workspace';
import { Button, IconButton } from '../../ui/button';
import { diceText, millilitresText } from '../../ui/format';
import { ModelMarkIcon } from '../../ui/model-mark';
import { ShareSlider } from '../../ui/slider';
import { Switch } from '../../ui/switch';
import { structureToken } from '../../ui/tokens';

export const Inspector = ({ shown, structures }: { shown: readonly ModelSummary[]; structures: readonly Structure[] }) => (
  <aside className="inspector" aria-label="What is shown">
    <OverlaySection />
    <StructureSection structures={structures} />
    <WorstPoseSection shown={shown} />
  </aside>
);

function OverlaySection() {
  const { overlays, opacity } = useWorkspace((workspace) => workspace.settings);
  const hasReference = useSession((session) => session.open?.reference !== null);
  const toggle = (overlay: keyof typeof overlays) => (checked: boolean) => changeSettings(overlay, { overlays: { ...overlays, [overlay]: checked } });
  return (
    <section>
      <h2>
        Overlay
        <span className="end">
          <kbd>1</kbd>–<kbd>3</kbd>
        </span>
      </h2>
      <Switch name="Prediction" checked={overlays.prediction} onChange={toggle('prediction')}>
        <ShareSlider
          label="Opacity of the prediction in slices"
          value={opacity}
          onStart={() => remember('opacity')}
          onChange={(next) => useWorkspace.setState(({ settings }) => ({ settings: { ...settings, opacity: next } }))}
        />
      </Switch>
      <Switch name="Reference outline" checked={overlays.reference && hasReference} disabled={!hasReference} onChange={toggle('reference')}>
        <svg className="legend" width="22" height="10" aria-hidden="true">
          <rect width="22" height="10" fill="var(--viewer)" />
          <path d="M2,5h18" stroke="var(--reference)" strokeWidth="2" />
        </svg>
      </Switch>
      <Switch name="Disagreement" checked={overlays.disagreement && hasReference} disabled={!hasReference} onChange={toggle('disagreement')}>
        <span className="legend">
          <span className="swatch missed" />
          <span className="wide">missed</span>
          <span className="swatch extra" />
          <span className="wide">extra</span>
        </span>
      </Switch>
    </section>
  );
}

function StructureSection({ structures }: { structures: readonly Structure[] }) {
  const open = useSession((session) => session.open);
  const segmentations = useSession((session) => session.segmentations);
  const hidden = useWorkspace((workspace) => workspace.settings.hiddenStructures);
  if (!open || structures.length === 0) return null;
  const referenceMl = (value: number) => Object.values(segmentations).flatMap(({ scores }) => scores.find((score) => score.value === value)?.referenceMl ?? [])[0] ?? null;
  return (
    <section>
      <h2>
        Structures
        {open.reference && <span className="end">reference volume</span>}
      </h2>
      {structures.map(({ value, name }, index) => {
        const isHidden = hidden.includes(value);
        return (
          <div className={`structure-row ${isHidden ? 'off' : ''}`} key={value} onPointerEnter={() => highlight(value)} onPointerLeave={() => highlight(null)} onFocus={() => highlight(value)} onBlur={() => highlight(null)}>
            <IconButton
              kind="ghost"
              small
              name={isHidden ? `Show ${name}` : `Hide ${name}`}
              aria-pressed={!isHidden}
              onClick={() => changeSettings(isHidden ? `show ${name}` : `hide ${name}`, { hiddenStructures: isHidden ? hidden.filter((other) => other !== value) : [...hidden, value] })}
            >
              {isHidden ? <EyeOff size={16} /> : <Eye size={16} />}
            </IconButton>
            <span className="swatch" style={{ background: `var(${structureToken(index)})` }} />
            <span className="cut">{name}</span>
            <span className="num quiet end">{open.reference ? millilitresText(referenceMl(value)) : ''}</span>
          </div>
        );
      })}
    </section>
  );
}

function WorstPoseSection({ shown }: { shown: readonly ModelSummary[] }) {
  const visits = useSession((session) => session.visits);
  const models = useSession((session) => session.models);
  const found = shown.flatMap((model) => {
    const worst = worstVisit(visits, model.id);
    return worst ? [{ model, worst }] : [];
  });
  if (found.length === 0) return null;
  const { poses, planes } = visitCount(visits);
  return (
    <section>
      <h2>
        Worst pose found
        <span className="end">
          {planes > 1 && `${planes} planes, `}
          {poses} {poses === 1 ? 'pose' : 'poses'}
        </span>
      </h2>
      {found.map(({ model, worst }) => (
        <div className="worst-row" key={model.id}>
          <ModelMarkIcon mark={markOf(models, model.id)} />
          <span className="num cut" title={poseText(worst.pose)}>
            {diceText(worst.meanDice)} <span className="quiet">{shortPose(worst.pose)}</span>
          </span>
          <Button small onClick={() => goTo(worst.pose)} aria-label={`Go to the worst pose of ${model.name}`}>
            Go there
          </Button>
        </div>
      ))}
    </section>
  );
}

/** Fits the narrow inspector; the whole pose is in the row's title. */
function shortPose(pose: Pose): ReactNode {
  if (isUpright(pose)) return 'upright';
  const [angle] = poseText(pose).replace('.0°', '°').split(' ');
  const [long, short] = pose.kind === 'free' ? ['off the planes', 'free'] : [pose.plane, pose.plane.slice(0, 3)];
  return (
    <>
      <span className="wide">at </span>
      {angle} <span className="wide">{long}</span>
      <span className="tight">{short}</span>
    </>
  );
}
