/** @file Progress of a command on stderr: one line that renews itself on a terminal, a line every tenth elsewhere. */

export function progressLine(what: string): (done: number, of: number) => void {
  const start = performance.now();
  let saidTenths = 0;
  return (done, of) => {
    const seconds = (performance.now() - start) / 1000;
    const text = `${what}: ${done} of ${of}, about ${Math.ceil((seconds / done) * (of - done))} s left`;
    const tenths = Math.floor((10 * done) / of);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done < of ? text : ''}`);
    else if (tenths > saidTenths) process.stderr.write(`${text}\n`);
    saidTenths = tenths;
  };
}
