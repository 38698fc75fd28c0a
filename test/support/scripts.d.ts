/** Types of the plain-JavaScript scripts that tests use. */
declare module '*/scripts/break-kernels.mjs' {
  export const breaks: readonly { readonly what: string; readonly file: string; readonly from: string; readonly test: string }[];
}
declare module '*/scripts/chromium.mjs' {
  export function findChromium(): string | null;
  export const headlessFlags: readonly string[];
}
declare module '*/scripts/electron-binary.mjs' {
  export function findElectron(): string | null;
}
declare module '*/scripts/setup.mjs' {
  export function requireNode(version?: string): void;
  export function dependenciesMatchLock(folder?: string): boolean;
}
declare module '*/scripts/setup-tensorflow.mjs' {
  export function publishedRefusal(device: 'cpu' | 'gpu'): Promise<string | undefined>;
}
declare module '*/scripts/tensorflow/tools.mjs' {
  export function isAboutNetwork(text: string): boolean;
}
