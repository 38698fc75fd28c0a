/** @file Keeps a browser window on the workbench: what Electron's main process denies by itself, a page must deny for itself. */

/** A link or script that would leave this address does nothing; files saved by the person still are. */
export function denyNavigation(): void {
  window.navigation?.addEventListener('navigate', (event) => {
    const leaves = new URL(event.destination.url).origin !== window.location.origin;
    if (leaves && event.downloadRequest === null && event.cancelable) event.preventDefault();
  });
}
