/** @file How good a model is just now: Dice, its change from upright, and each structure with its upright value as a tick. */
import type { ModelSummary, OpenCase, Segmentation, Structure } from '../../../engine/contract/engine-api';
import { brokenChange, uprightDice, uprightVisit } from '../../state/dice-of-case';
import { agreement } from '../../state/agreement';
import { sameRotation } from '../../state/pose';
import { useSession } from '../../state/session';
import { markOf, modelSize } from '../../state/shown-models';
import { changeText, diceText, millilitresText } from '../../ui/format';
import { ModelMarkIcon } from '../../ui/model-mark';
import { structureToken } from '../../ui/tokens';

interface ScoreProps {
  readonly open: OpenCase;
  readonly model: ModelSummary | null;
  readonly structures: readonly Structure[];
  readonly segmentation: Segmentation | undefined;
  readonly isStale: boolean;
}

export function Score({ open, model, structures, segmentation, isStale }: ScoreProps) {
  const models = useSession((session) => session.models);
  const visits = useSession((session) => session.visits);
  const segmentations = useSession((session) => session.segmentations);
  if (!model)
    return (
      <header className="score">
        <div className="score-name">
          <h2>{open.name}</h2>
          <p>No trained model is here yet; <code>gyra train</code> makes one.</p>
        </div>
      </header>
    );
  const { design, parameters } = modelSize(model);
  const upright = uprightVisit(visits, model.id)?.meanDice ?? null;
  const now = segmentation?.meanDice ?? null;
  const change = now !== null && upright !== null ? now - upright : null;
  return (
    <header className={`score ${isStale ? 'stale' : ''}`}>
      <div className="score-name">
        <h2>
          <ModelMarkIcon mark={markOf(models, model.id)} />
          <span className="cut">{model.name}</span>
        </h2>
        <p className="cut" title={model.training}>
          {design} · {parameters}
          <span className="wide"> parameters</span>
        </p>
      </div>
      {open.reference ? (
        <div className="dice-now">
          <div>
            <span className="big num">{diceText(now)}</span>
            {change !== null && <span className={`num change ${change < brokenChange ? 'broken' : ''}`}>{changeText(change)}</span>}
          </div>
          <p>
            Dice now, n = 1<span className="wide">; change from 0°</span>
            <span className="tight">; vs 0°</span>
          </p>
        </div>
      ) : (
        <div className="dice-now">
          <div>
            <span className="big num">{segmentation ? segmentation.scores.reduce((sum, { predictedMl }) => sum + predictedMl, 0).toFixed(2) : '–'}</span>
            <span className="change">ml</span>
          </div>
          <p>{agreementText(segmentation, segmentations, models, structures)}</p>
        </div>
      )}
      <div className="structure-scores">
        {structures.map(({ value, name }, index) => {
          const score = segmentation?.scores.find((one) => one.value === value);
          return <StructureRow key={value} name={name} token={structureToken(index)} dice={score?.dice ?? null} upright={uprightDice(visits, model.id, value)} predictedMl={score?.predictedMl ?? null} hasReference={open.reference !== null} />;
        })}
      </div>
    </header>
  );
}

/** Without a reference: how far the other models say the same at this pose. */
function agreementText(segmentation: Segmentation | undefined, segmentations: Readonly<Record<string, Segmentation>>, models: readonly ModelSummary[], structures: readonly Structure[]): string {
  const others = Object.values(segmentations).filter((other) => segmentation && other.modelId !== segmentation.modelId && sameRotation(other.rotation, segmentation.rotation));
  if (!segmentation || others.length === 0) return 'Volume now; Dice needs a reference';
  return `Volume now; agrees ${others.map((other) => `${diceText(agreement(segmentation.labels, other.labels, structures))} with ${models.find(({ id }) => id === other.modelId)?.name ?? other.modelId}`).join(', ')}`;
}

interface StructureRowProps {
  readonly name: string;
  readonly token: string;
  readonly dice: number | null;
  readonly upright: number | null;
  readonly predictedMl: number | null;
  readonly hasReference: boolean;
}

const StructureRow = ({ name, token, dice, upright, predictedMl, hasReference }: StructureRowProps) => (
  <>
    <span className="structure-name">
      <span className="swatch" style={{ background: `var(${token})` }} />
      <span className="cut">{name}</span>
    </span>
    {hasReference ? (
      <>
        <span className="bullet" role="img" aria-label={`${name} Dice ${diceText(dice)}, upright ${diceText(upright)}`}>
          {dice !== null && <i style={{ width: `${dice * 100}%` }} />}
          {upright !== null && <u style={{ left: `${upright * 100}%` }} />}
        </span>
        <span className="num" title={dice === null ? 'not in the reference and not predicted: no Dice, left out of the mean' : undefined}>
          {diceText(dice)}
        </span>
      </>
    ) : (
      <>
        <span />
        <span />
      </>
    )}
    <span className="num quiet wide">{millilitresText(predictedMl)}</span>
  </>
);
