/** @file Dice over angle for the models shown, in the present plane. */
import { useMemo } from 'react';
import type { ModelSummary } from '../../../engine/contract/engine-api';
import { DiceChart } from '../../charts/dice-chart';
import { meanInPlane, testCases, type DiceSeries } from '../../charts/dice-series';
import { useWorkbench } from '../../client/workbench-context';
import { casePoints } from '../../state/dice-of-case';
import { angleShown, atAngle, rotationOf, sameRotation } from '../../state/pose';
import { usePose } from '../../state/pose-store';
import { useSession } from '../../state/session';
import { markOf } from '../../state/shown-models';
import { goTo } from '../../state/turning';
import { Button } from '../../ui/button';
import { AngleRail } from './angle-rail';

export function DicePanel({ shown }: { shown: readonly ModelSummary[] }) {
  const workbench = useWorkbench();
  const pose = usePose((state) => state.pose);
  const { plane } = pose;
  const { models, visits, segmentations, open } = useSession();
  const lasting = useMemo(() => shown.map(({ id, name, testCurve }) => ({ modelId: id, name, mark: markOf(models, id), mean: meanInPlane(testCurve, plane) })), [shown, models, plane]);
  const series = useMemo(
    () => lasting.map((one): DiceSeries => ({ ...one, ofCase: casePoints(visits, one.modelId, plane).map(({ degrees, meanDice }) => ({ degrees, dice: meanDice })) })),
    [lasting, visits, plane],
  );
  const rotation = rotationOf(pose);
  const now = shown.flatMap(({ id }) => (segmentations[id] ? [{ modelId: id, dice: segmentations[id].meanDice, isStale: !sameRotation(segmentations[id].rotation, rotation) }] : []));
  const hasMean = series.some(({ mean }) => mean.length > 0);
  const n = testCases(series);
  const isEmpty = !hasMean && series.every(({ ofCase }) => ofCase.length < 2);
  return (
    <section className="dice-panel" aria-label="Dice over angle">
      <h2>
        Dice over angle
        {hasMean ? (
          <>
            <span className="wide">
              line: mean of {n ?? 'the'} test cases · band: ± 1 SD · dotted: this case · marker: this case now
            </span>
            <span className="tight">mean ± SD, n = {n ?? '–'} · dotted, marker: this case</span>
          </>
        ) : (
          <span>line: this case, n = 1 · marker: this case now</span>
        )}
      </h2>
      <DiceChart
        series={series}
        degrees={angleShown(pose)}
        isHollow={pose.kind === 'free'}
        now={now}
        label={`Dice over angle in the ${plane} plane${hasMean && n ? `, mean of ${n} test cases with one standard deviation` : ', this case'}`}
        onPick={(degrees) => goTo(atAngle(plane, degrees))}
      />
      {isEmpty && open && (
        <div className="empty-chart">
          {shown.length === 0 ? (
            <span>Dice needs a trained model.</span>
          ) : open.reference ? (
            <>
              <span>Dice over angle for this case is not computed yet.</span>
              <Button small kind="primary" onClick={() => void workbench.computeCurve()}>
                Compute
              </Button>
              <span className="quiet">Each pose you visit is kept.</span>
            </>
          ) : (
            <span>Dice needs a reference. Drop the image together with its labels to see it.</span>
          )}
        </div>
      )}
      <AngleRail />
    </section>
  );
}
