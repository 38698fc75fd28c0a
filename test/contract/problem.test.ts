import { describe, expect, it } from 'vitest';
import { problemFrom, withoutPaths } from '../../engine/contract/problem';

describe('withoutPaths', () => {
  it.each([
    ["open '/home/jane doe/runs'", "open 'runs'"],
    ["copyfile '/home/jane doe/a b.nii' -> '/home/jane doe/c'", "copyfile 'a b.nii' -> 'c'"],
    ["open '/home/jane o'neil/my runs/x'", "open 'x'"],
    ['{"dataset":"/home/jane doe/scans/blobs","split":"parts/split.json"}', '{"dataset":"blobs","split":"parts/split.json"}'],
    [String.raw`open 'C:\Users\Jane Doe\my runs'`, "open 'my runs'"],
    [String.raw`{"dataset":"D:\\Jane Doe\\blobs\\"}`, '{"dataset":"blobs"}'],
    [String.raw`open '\\server\Jane Doe\blobs'`, "open 'blobs'"],
    ['no unet at /home/jane/runs/x, and 3/4 of it', 'no unet at x, and 3/4 of it'],
    ["'a' and 'b' are no path", "'a' and 'b' are no path"],
  ])('%s', (text, left) => expect(withoutPaths(text)).toBe(left));

  it('is what an unexpected error goes through', () => {
    expect(problemFrom(new Error("ENOENT: no such file or directory, open '/home/jane doe/runs/run.json'"))).toMatchObject({ code: 'internal', message: "ENOENT: no such file or directory, open 'run.json'" });
  });
});
