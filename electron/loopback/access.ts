/** @file Who may talk to the loopback server: a browser that brought the one-time token, and only under the server's own name. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Access {
  /** The one-time token, for the address that is opened. */
  readonly token: string;
  /** Whether the request was sent to this server's own name, and by nobody else's page. */
  fromHere(request: IncomingMessage): boolean;
  /** Whether the request carries the cookie that the token was swapped for. */
  known(request: IncomingMessage): boolean;
  /** The Set-Cookie value for the right token the first time, null for any other. */
  redeem(token: string): string | null;
}

/** @param port the port the server listens on, which is part of its name. */
export function grantAccess(port: number): Access {
  const token = secret();
  const session = secret();
  // Browsers keep cookies per host, not per port: the port in the name lets two programs run side by side.
  const cookie = `gyra-${port}`;
  const host = `127.0.0.1:${port}`;
  let redeemed = false;
  return {
    token,
    fromHere: ({ headers }) => headers.host === host && (headers.origin === undefined ? headers.upgrade === undefined : headers.origin === `http://${host}`),
    known: ({ headers }) => same(new RegExp(`(?:^|;\\s*)${cookie}=([^;]+)`).exec(headers.cookie ?? '')?.[1] ?? '', session),
    redeem(offered) {
      if (redeemed || !same(offered, token)) return null;
      redeemed = true;
      return `${cookie}=${session}; HttpOnly; SameSite=Strict; Path=/`;
    },
  };
}

const secret = (): string => randomBytes(32).toString('base64url');
const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
