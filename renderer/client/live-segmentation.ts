/**
 * @file Newest pose wins: for each model one request is on its way and one is wanted. While the head moves, the one on its way may finish, so that the
 * picture follows; when it rests elsewhere, the newest is sent at once (the engine cancels the older). Models do not wait for each other.
 */
import type { RotationMatrix, Segmentation } from '../../engine/contract/engine-api';
import type { Problem, Result } from '../../engine/contract/problem';

export interface SegmentationRequest {
  readonly caseId: string;
  readonly modelId: string;
  readonly rotation: RotationMatrix;
}

interface Lane {
  flying: SegmentationRequest | null;
  wanted: SegmentationRequest | null;
  delivered: SegmentationRequest | null;
}

export class LiveSegmentation {
  private readonly lanes = new Map<string, Lane>();

  constructor(
    private readonly segment: (request: SegmentationRequest) => Promise<Result<Segmentation>>,
    private readonly onArrived: (segmentation: Segmentation) => void,
    private readonly onFailed: (request: SegmentationRequest, problem: Problem) => void,
  ) {}

  /** @param atRest the head does not move any more: do not wait for an older request. */
  want(request: SegmentationRequest, atRest: boolean): void {
    const lane = this.lanes.get(request.modelId) ?? { flying: null, wanted: null, delivered: null };
    this.lanes.set(request.modelId, lane);
    lane.wanted = same(lane.flying ?? lane.delivered, request) ? null : request;
    if (lane.wanted && (!lane.flying || atRest || lane.flying.caseId !== request.caseId)) void this.send(lane);
  }

  /** Whether the model's latest wanted pose has been answered. */
  isSettled(modelId: string): boolean {
    const lane = this.lanes.get(modelId);
    return !lane || (!lane.flying && !lane.wanted);
  }

  /** After a restart of the engine nothing is on its way, and answers may be asked for again. */
  forget(): void {
    this.lanes.clear();
  }

  private async send(lane: Lane): Promise<void> {
    const request = lane.wanted!;
    lane.flying = request;
    lane.wanted = null;
    const result = await this.segment(request);
    // A newer request was sent meanwhile, or everything was forgotten: this answer counts no more.
    if (lane.flying !== request || this.lanes.get(request.modelId) !== lane) return;
    lane.flying = null;
    lane.delivered = request;
    if (result.ok) this.onArrived(result.value);
    else if (result.problem.code !== 'cancelled' && result.problem.code !== 'engine-stopped') this.onFailed(request, result.problem);
    if (lane.wanted) void this.send(lane);
  }
}

const same = (a: SegmentationRequest | null, b: SegmentationRequest): boolean => a !== null && a.caseId === b.caseId && a.modelId === b.modelId && a.rotation.every((entry, i) => entry === b.rotation[i]);
