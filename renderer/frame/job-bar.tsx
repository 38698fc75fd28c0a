/** @file The engine and its measured speed on the left; the newest job with progress, time left and Cancel on the right. */
import { Check } from 'lucide-react';
import { Progress } from 'radix-ui';
import { useState } from 'react';
import type { EngineStatus } from '../../engine/contract/engine-api';
import { useWorkbench } from '../client/workbench-context';
import { segmentationsPerSecond } from '../state/dice-of-case';
import { jobDismissed, useSession, type EngineState, type Job } from '../state/session';
import { shownModels } from '../state/shown-models';
import { useWorkspace } from '../state/workspace';
import { Button } from '../ui/button';
import { durationText } from '../ui/format';

export function JobBar() {
  const engine = useSession((session) => session.engine);
  const jobs = useSession((session) => session.jobs);
  const arrivalsMs = useSession((session) => session.arrivalsMs);
  const models = useSession((session) => session.models);
  const chosen = useWorkspace((workspace) => workspace.settings.modelIds);
  const [isListOpen, setListOpen] = useState(false);
  const perSecond = segmentationsPerSecond(arrivalsMs);
  const count = shownModels(models, chosen).length;
  const [newest, ...others] = [...jobs].reverse().sort((a, b) => Number(isUnfinished(b)) - Number(isUnfinished(a)));
  return (
    <footer className="job-bar">
      <span className="engine-state">
        <span className={`dot ${engine.state}`} />
        {engineText(engine)}
      </span>
      {perSecond !== null && (
        <span>
          <span className="num">{perSecond.toFixed(1)}</span> re-segmentations/s{count > 1 ? `, ${count === 2 ? 'both' : `all ${count}`} models` : ''}
        </span>
      )}
      <span className="end" />
      {others.length > 0 && (
        <Button small kind="ghost" aria-expanded={isListOpen} onClick={() => setListOpen(!isListOpen)}>
          {others.length} more
        </Button>
      )}
      {newest ? <JobRow job={newest} /> : <span className="quiet">No job running</span>}
      {isListOpen && others.length > 0 && (
        <ul className="job-list" aria-label="Other jobs">
          {others.map((job) => (
            <li key={job.jobId}>
              <JobRow job={job} />
            </li>
          ))}
        </ul>
      )}
    </footer>
  );
}

function JobRow({ job }: { job: Job }) {
  const workbench = useWorkbench();
  const { jobId, title, state, progress, done, of, unit, secondsLeft } = job;
  if (isUnfinished(job))
    return (
      <span className="job">
        <span className="job-title">
          {title}: <span className="num">{done}</span> of <span className="num">{of}</span> {unit}
          {state === 'queued' && ', waiting'}
          {state === 'paused' && ', paused'}
        </span>
        <Progress.Root className="progress" value={Math.round(progress * 100)} aria-label={title}>
          <Progress.Indicator style={{ width: `${progress * 100}%` }} />
        </Progress.Root>
        <span className="num time-left">{secondsLeft === null ? '' : `${durationText(secondsLeft)} left`}</span>
        <Button small onClick={() => void workbench.cancelJob(jobId)}>
          Cancel
        </Button>
      </span>
    );
  return (
    <span className="job">
      {state === 'done' && <Check size={14} />}
      <span className="job-title">
        {title}
        {state === 'done' && ': done'}
        {state === 'cancelled' && `: cancelled at ${done} of ${of} ${unit}; what was computed is kept`}
        {state === 'failed' && <span className="error-text">: {job.problem?.message ?? 'failed'}</span>}
      </span>
      {state === 'cancelled' && (
        <Button
          small
          onClick={() => {
            jobDismissed(jobId);
            void workbench.computeCurve();
          }}
        >
          Go on
        </Button>
      )}
      <Button small kind="ghost" onClick={() => jobDismissed(jobId)}>
        Dismiss
      </Button>
    </span>
  );
}

const isUnfinished = ({ state }: Job): boolean => state === 'queued' || state === 'running' || state === 'paused';

function engineText({ state, status, problem }: EngineState): string {
  if (state === 'connecting' || state === 'starting') return 'Engine: starting …';
  if (state === 'failed') return `Engine: ${problem?.message ?? 'stopped'}`;
  return status ? `Engine: ${status.backend}, ${modeText(status)}` : 'Engine: ready';
}

const modeText = ({ mode, threads }: EngineStatus): string =>
  mode === 'threads' ? `${threads} ${threads === 1 ? 'thread' : 'threads'}` : mode === 'single-thread' ? 'one thread (threads failed their check)' : 'one thread in a child process (threads failed their check)';
