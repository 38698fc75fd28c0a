/** @file Runs the programs the set-up of TensorFlow needs, and tells a network that is away from everything else that can fail. */
import { spawn } from 'node:child_process';
import { SetupError, root } from '../setup.mjs';

export const python = 'python3';

/** A registry that cannot be reached: no fault of the build. */
export class NetworkError extends SetupError {}

/** Runs a program with its output shown. @throws SetupError with the message and remedy; a NetworkError where the program says it reached nobody */
export function runTool(command, args, message, remedy) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => {
      process.stderr.write(data);
      said = (said + data).slice(-20_000);
    });
    child.on('error', (error) => reject(new SetupError(`${command} did not start: ${error.message}`, remedy)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new (isAboutNetwork(said) ? NetworkError : SetupError)(message, remedy));
    });
  });
}

/** What pip and npm print when no server answers. */
export const isAboutNetwork = (text) =>
  !/HASH/.test(text) && /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|Max retries exceeded|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Connection(?:Reset)?Error|Temporary failure in name resolution|Failed to establish a new connection|ProxyError/.test(text);
