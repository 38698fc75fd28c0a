/** @file Between a page and the loopback server: sees every call, and can keep the answers to one model's segmentations until the test lets them go. */
import type { Page } from 'playwright-core';
import type { Arguments, RequestMessage } from '../../engine/contract/engine-api';
import { decodeMessage, encodeMessage } from '../../engine/contract/wire';

export interface EngineProxy {
  /** Rotations asked of a model since the last `forget`, in order. */
  asked(modelId: string): readonly (readonly number[])[];
  forget(): void;
  hold(modelId: string): void;
  /** Lets the oldest held answer go, or resolves to false where there is none; later ones are still held. */
  release(modelId: string): boolean;
  /** Nothing is held any more. */
  letGo(): void;
}

/** Takes effect when the page is loaded next. */
export async function proxyEngine(page: Page): Promise<EngineProxy> {
  const asked: Arguments<'segment'>[] = [];
  const modelOfCall = new Map<number, string>();
  const held = new Map<string, (() => void)[]>();
  await page.routeWebSocket(/\/engine$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((bytes) => {
      const message = decodeMessage(bytes as Buffer) as RequestMessage;
      if (message.method === 'segment') {
        const args = message.args as Arguments<'segment'>;
        asked.push(args);
        modelOfCall.set(message.id, args.modelId);
      }
      server.send(Buffer.from(encodeMessage(message)));
    });
    server.onMessage((bytes) => {
      const { kind, id } = decodeMessage(bytes as Buffer) as { kind: string; id: number };
      const waiting = kind === 'reply' ? held.get(modelOfCall.get(id) ?? '') : undefined;
      if (waiting) waiting.push(() => socket.send(bytes));
      else socket.send(bytes);
    });
  });
  return {
    asked: (modelId) => asked.filter((one) => one.modelId === modelId).map(({ rotation }) => rotation),
    forget: () => void asked.splice(0),
    hold: (modelId) => void held.set(modelId, []),
    release(modelId) {
      const answer = held.get(modelId)?.shift();
      answer?.();
      return answer !== undefined;
    },
    letGo() {
      for (const answers of held.values()) for (const answer of answers) answer();
      held.clear();
    },
  };
}
