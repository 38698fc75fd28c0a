/** @file Calls to the engine made inside a page, as a script on it would make them. */
import type { Page } from 'playwright-core';
import type { Result } from '../../engine/contract/problem';

/** The engine's answer, or `closed` where the shell hung up instead. Arguments are plain JSON. */
export function callFromPage(page: Page, method: string, args: object): Promise<Result<unknown> | 'closed'> {
  return page.evaluate(
    async ([method, args]) => {
      if (window.gyra) return window.gyra.call(method as never, args as never);
      const socket = new WebSocket(`ws://${location.host}/engine`);
      socket.binaryType = 'arraybuffer';
      return new Promise((resolve) => {
        socket.onclose = () => resolve('closed');
        socket.onopen = () => {
          const text = new TextEncoder().encode(JSON.stringify({ kind: 'call', id: 0, method, args }));
          const message = new Uint8Array(4 + text.length);
          new DataView(message.buffer).setUint32(0, text.length, true);
          message.set(text, 4);
          socket.send(message);
        };
        socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
          const length = new DataView(data).getUint32(0, true);
          const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as { kind: string; result: Result<unknown> };
          if (answer.kind !== 'reply') return;
          resolve(answer.result);
          socket.close();
        };
      });
    },
    [method, args] as const,
  );
}
