/** @file What the window can ask for: opens cases, keeps the segmentations at the present pose, has the curve of the case computed in the background. */
import type { Arguments, Bridge, OpenCase, Plane, RotationMatrix } from '../../engine/contract/engine-api';
import type { Problem } from '../../engine/contract/problem';
import { largestAngleDegrees } from '../../engine/math/rotation';
import { atAngle, fromRotation, rotationOf } from '../state/pose';
import { usePose } from '../state/pose-store';
import { caseOpened, jobChanged, jobDismissed, notify, segmentationArrived, segmentationFailed, useSession, visited } from '../state/session';
import { shownModels } from '../state/shown-models';
import { useWorkspace } from '../state/workspace';
import { LiveSegmentation } from './live-segmentation';

export interface OpenedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
type CaseSource = Arguments<'openCase'>;

/** After so long without a change the pose rests. */
const restMs = 140;
/** After so long at rest the curve is asked for. */
const curveAfterMs = 900;
const curveStepDegrees = 15;

export class Workbench {
  private readonly live: LiveSegmentation;
  private readonly stops: (() => void)[] = [];
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private curveTimer: ReturnType<typeof setTimeout> | undefined;
  private atRest = true;
  private source: CaseSource | null = null;
  /** Newest opening; older ones that answer late are dropped. */
  private opening = 0;
  private curve: { key: string; jobId: string | null } | null = null;
  /** Curves that ended because the person went on, which is not worth a word. */
  private readonly left = new Set<string>();

  constructor(private readonly bridge: Bridge) {
    this.live = new LiveSegmentation(
      (request) => bridge.call('segment', { ...request, rotation: [...request.rotation] }),
      (segmentation) => segmentationArrived(segmentation, fromRotation(segmentation.rotation, usePose.getState().pose.plane), performance.now()),
      ({ modelId, caseId }, problem) => {
        if (useSession.getState().open?.id === caseId) segmentationFailed(modelId, problem);
      },
    );
  }

  /** Listens, reads the lists, opens the case of last time or the first. */
  async start(): Promise<void> {
    this.stops.push(
      this.bridge.on('engine', (event) => void this.engineSaid(event)),
      this.bridge.on('job', (job) => {
        if (job.state === 'cancelled' && this.left.has(job.jobId)) return jobDismissed(job.jobId);
        jobChanged(job);
        if (job.state === 'failed' && job.problem) notify({ kind: 'error', message: `${job.title}: ${job.problem.message}`, remedy: job.problem.remedy });
      }),
      this.bridge.on('curvePoint', ({ caseId, modelId, plane, degrees, meanDice, scores }) => {
        if (useSession.getState().open?.id === caseId) visited({ modelId, pose: atAngle(plane, degrees), meanDice, scores });
      }),
      usePose.subscribe((now, before) => {
        if (now.pose !== before.pose || now.held !== before.held || now.playing !== before.playing) this.poseChanged(now.held || now.playing !== 'no');
      }),
      useWorkspace.subscribe((now, before) => {
        if (now.settings.modelIds !== before.settings.modelIds) this.poseChanged(false);
      }),
    );
    await this.readLists();
    const { cases } = useSession.getState();
    const remembered = cases.find(({ id }) => id === useWorkspace.getState().caseId) ?? cases[0];
    if (remembered) await this.openCase(remembered.id);
  }

  stop(): void {
    clearTimeout(this.restTimer);
    clearTimeout(this.curveTimer);
    for (const stop of this.stops.splice(0)) stop();
  }

  openCase(caseId: string): Promise<boolean> {
    const known = useSession.getState().cases.find(({ id }) => id === caseId);
    // A file that was opened lives in the engine under its id until the engine restarts.
    return this.open({ caseId }, known?.name ?? caseId);
  }

  /** @param files of one case: an image, its contrasts, or the slices of a DICOM series */
  openFiles(files: OpenedFile[], reference?: OpenedFile): Promise<boolean> {
    return this.open({ files, reference }, files[0]?.name ?? '');
  }

  /** The case before or after the open one in the list. */
  async stepCase(step: 1 | -1): Promise<void> {
    const { cases, open } = useSession.getState();
    if (cases.length === 0) return;
    const index = cases.findIndex(({ id }) => id === open?.id);
    await this.openCase(cases[(index + step + cases.length) % cases.length].id);
  }

  async cancelJob(jobId: string): Promise<void> {
    const result = await this.bridge.call('cancelJob', { jobId });
    if (!result.ok) notifyProblem(result.problem);
  }

  /** Asks for the curve of this case in a plane; points that are there already are not computed again. */
  async computeCurve(plane: Plane = usePose.getState().pose.plane): Promise<void> {
    const { open, visits } = useSession.getState();
    const modelIds = shownModels(useSession.getState().models, useWorkspace.getState().settings.modelIds).map(({ id }) => id);
    if (!open?.reference || modelIds.length === 0) return;
    const isKnown = (degrees: number) => modelIds.every((id) => visits.some((visit) => visit.modelId === id && visit.pose.kind === 'angle' && visit.pose.degrees === degrees && (visit.pose.plane === plane || degrees === 0)));
    const degrees = Array.from({ length: largestAngleDegrees / curveStepDegrees + 1 }, (_, i) => i * curveStepDegrees).filter((angle) => !isKnown(angle));
    const key = curveKey(open.id, plane, modelIds);
    await this.leaveCurve();
    const curve: { key: string; jobId: string | null } = { key, jobId: null };
    this.curve = curve;
    if (degrees.length === 0) return;
    const result = await this.bridge.call('startCurve', { caseId: open.id, modelIds, plane, degrees });
    if (!result.ok) return notifyProblem(result.problem);
    curve.jobId = result.value.jobId;
    if (this.curve === curve) return;
    // It was left while the engine answered.
    this.left.add(curve.jobId);
    await this.bridge.call('cancelJob', { jobId: curve.jobId });
  }

  private async open(source: CaseSource, name: string): Promise<boolean> {
    const turn = ++this.opening;
    useSession.setState({ opening: name });
    void this.leaveCurve();
    const result = await this.bridge.call('openCase', source);
    if (turn !== this.opening) return false;
    if (!result.ok) {
      useSession.setState({ opening: null });
      if (result.problem.code !== 'engine-stopped') notifyProblem(result.problem);
      return false;
    }
    this.source = source;
    this.show(result.value);
    return true;
  }

  private show(open: OpenCase): void {
    this.live.forget();
    caseOpened(open);
    if (open.split !== 'opened') useWorkspace.setState({ caseId: open.id });
    for (const message of open.notices) notify({ kind: 'warning', message });
    this.poseChanged(false);
  }

  private async readLists(): Promise<void> {
    const [status, cases, models] = await Promise.all([this.bridge.call('status', {}), this.bridge.call('listCases', {}), this.bridge.call('listModels', {})]);
    const failed = [status, cases, models].find((result) => !result.ok);
    if (failed && !failed.ok) notifyProblem(failed.problem);
    if (status.ok) useSession.setState({ engine: { state: 'ready', status: status.value } });
    useSession.setState((session) => ({
      cases: cases.ok ? [...cases.value, ...session.cases.filter(({ id, split }) => split === 'opened' && !cases.value.some((known) => known.id === id))] : session.cases,
      models: models.ok ? models.value : session.models,
    }));
  }

  private async engineSaid({ state, problem, status }: { state: 'starting' | 'ready' | 'restarted' | 'failed'; problem?: Problem; status?: NonNullable<ReturnType<typeof useSession.getState>['engine']['status']> }): Promise<void> {
    useSession.setState(({ engine }) => ({ engine: { state, problem, status: status ?? engine.status } }));
    if (state === 'failed' && problem) notifyProblem(problem);
    if (state !== 'restarted') return;
    this.live.forget();
    this.curve = null;
    useSession.setState(({ jobs }) => ({ jobs: jobs.filter((job) => job.state === 'done') }));
    await this.readLists();
    notify({ kind: 'info', message: 'The engine ended and was started again.', remedy: 'Your place is kept.' });
    if (this.source) await this.open(this.source, useSession.getState().open?.name ?? '');
  }

  private poseChanged(moving: boolean): void {
    clearTimeout(this.restTimer);
    this.atRest = false;
    this.request();
    // While the head is held or plays it never rests, however slowly it moves.
    if (!moving) this.restTimer = setTimeout(() => this.rest(), restMs);
  }

  private rest(): void {
    this.atRest = true;
    this.request();
    clearTimeout(this.curveTimer);
    this.curveTimer = setTimeout(() => this.curveWhenSettled(), curveAfterMs);
  }

  private request(): void {
    const { open, models } = useSession.getState();
    if (!open) return;
    const rotation: RotationMatrix = rotationOf(usePose.getState().pose);
    for (const { id: modelId } of shownModels(models, useWorkspace.getState().settings.modelIds)) this.live.want({ caseId: open.id, modelId, rotation }, this.atRest);
  }

  private curveWhenSettled(): void {
    if (!this.atRest) return;
    const { open, models } = useSession.getState();
    const modelIds = shownModels(models, useWorkspace.getState().settings.modelIds).map(({ id }) => id);
    if (!modelIds.every((id) => this.live.isSettled(id))) {
      this.curveTimer = setTimeout(() => this.curveWhenSettled(), curveAfterMs);
      return;
    }
    // The same curve is not started twice by itself: a person may have cancelled it.
    if (open && this.curve?.key !== curveKey(open.id, usePose.getState().pose.plane, modelIds)) void this.computeCurve();
  }

  private async leaveCurve(): Promise<void> {
    const jobId = this.curve?.jobId;
    this.curve = null;
    const job = useSession.getState().jobs.find((candidate) => candidate.jobId === jobId);
    if (!jobId || (job && job.state !== 'queued' && job.state !== 'running' && job.state !== 'paused')) return;
    this.left.add(jobId);
    await this.bridge.call('cancelJob', { jobId });
  }
}

const curveKey = (caseId: string, plane: Plane, modelIds: readonly string[]): string => [caseId, plane, ...modelIds].join(' ');
const notifyProblem = ({ message, remedy }: Problem): void => notify({ kind: 'error', message, remedy });
