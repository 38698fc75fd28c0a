/** @file What the live engine computes next: files being opened first, then the newest pose of each model in turn, then background work. */
import type { Arguments, OpenCase, Segmentation } from '../contract/engine-api';
import { cancelled } from '../contract/problem';
import type { Compute } from './compute';

/** Work for idle moments, one short piece at a time. A piece that is interrupted keeps itself for later. */
export interface Background {
  next(): (() => Promise<void>) | undefined;
}

export interface LiveQueue {
  openCase(args: Arguments<'openCase'>): Promise<OpenCase>;
  /** A newer request for the same model ends the older one with code `cancelled`. */
  segment(args: Arguments<'segment'>): Promise<Segmentation>;
  /** There is new background work. */
  wake(): void;
}

interface Waiting {
  run(): Promise<void>;
  reject(reason: Error): void;
}

/** @param onPending a live request came where none was pending, or the last one was answered: what else computes should wait, or may go on */
export function createLiveQueue(compute: Pick<Compute, 'run' | 'cancel'>, background: Background, onPending: (isPending: boolean) => void = () => undefined): LiveQueue {
  const openings: Waiting[] = [];
  /** One request a model. Replacing keeps a model's place in the map, so models take turns. */
  const segments = new Map<string, Waiting>();
  let running: { modelId?: string; isBackground?: boolean } | null = null;
  let isPending = false;

  function lookForPending(): void {
    const now = openings.length > 0 || segments.size > 0 || (running !== null && !running.isBackground);
    if (now === isPending) return;
    isPending = now;
    onPending(now);
  }

  function wake(): void {
    if (running) return;
    const opening = openings.shift();
    if (opening) return start({}, () => opening.run());
    const [modelId, segment] = segments.entries().next().value ?? [];
    if (modelId !== undefined && segment) {
      segments.delete(modelId);
      return start({ modelId }, () => segment.run());
    }
    const piece = background.next();
    if (piece) start({ isBackground: true }, piece);
  }

  function start(what: NonNullable<typeof running>, run: () => Promise<void>): void {
    running = what;
    void run().finally(() => {
      running = null;
      wake();
      lookForPending();
    });
  }

  function enqueue<T>(place: (waiting: Waiting) => void, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      place({ run: () => work().then(resolve, reject), reject });
      if (running?.isBackground) compute.cancel();
      lookForPending();
      wake();
    });
  }

  return {
    openCase: (args) => enqueue((waiting) => openings.push(waiting), () => compute.run('openCase', args)),
    segment: (args) =>
      enqueue(
        (waiting) => {
          segments.get(args.modelId)?.reject(cancelled());
          segments.set(args.modelId, waiting);
          if (running?.modelId === args.modelId) compute.cancel();
        },
        () => compute.run('segment', args),
      ),
    wake,
  };
}
