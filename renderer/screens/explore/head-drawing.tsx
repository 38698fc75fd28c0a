/** @file A head as each plane sees it: profile from the left, face, and from below with the nose up, as the slices lie on the screen. Centred on (0, 0), about 80 units high. */
import type { Plane } from '../../../engine/contract/engine-api';

const outlines: Readonly<Record<Plane, string>> = {
  sagittal:
    'M6,-38C-12,-40 -25,-31 -28,-17C-29,-12 -28,-9 -29,-6C-30,-3 -35,3 -36,6C-37,8 -34,9 -31,9.5L-31.5,13.5C-32.5,14.5 -32.5,16 -31,17C-32,18 -32,20 -30.5,21C-31,26 -29,30 -23,30C-17,30 -11,29 -8,32C-6,35 -7,42 -10,48C0,53 14,53 23,48C19,40 20,31 25,24C33,15 37,2 34,-12C31,-27 20,-37 6,-38Z',
  coronal:
    'M0,-40C-17,-40 -27,-29 -27,-13C-27,-9 -27,-7 -28,-7C-32,-8 -33,-2 -31,4C-30,9 -28,11 -26,10C-25,19 -20,27 -14,32C-13,37 -14,43 -18,47C-7,52 7,52 18,47C14,43 13,37 14,32C20,27 25,19 26,10C28,11 30,9 31,4C33,-2 32,-8 28,-7C27,-7 27,-9 27,-13C27,-29 17,-40 0,-40Z',
  axial: 'M0,-45C-2,-45 -4,-41 -5,-37C-19,-35 -27,-23 -28,-8C-32,-9 -34,-4 -33,2C-32,8 -30,9 -28,8C-27,26 -16,40 0,40C16,40 27,26 28,8C30,9 32,8 33,2C34,-4 32,-9 28,-8C27,-23 19,-35 5,-37C4,-41 2,-45 0,-45Z',
};

/** The head upright behind, dashed. */
export const HeadGhost = ({ plane }: { plane: Plane }) => <path d={outlines[plane]} stroke="var(--ink-3)" strokeWidth="1.2" strokeDasharray="3 3" />;

export const HeadDrawing = ({ plane }: { plane: Plane }) => (
  <g stroke="var(--ink)" strokeWidth="1.4" strokeLinecap="round" fill="none">
    <path d={outlines[plane]} fill="var(--line-2)" strokeWidth="1.8" strokeLinejoin="round" />
    {features[plane]}
  </g>
);

/** Face, and where the hippocampus lies: anterior and posterior in their colours. */
const features: Readonly<Record<Plane, React.ReactNode>> = {
  sagittal: (
    <>
      <path d="M-19,-7.5C-21,-9.5 -24,-9.5 -26,-8.5" />
      <circle cx="-22.5" cy="-3.2" r="1.7" fill="var(--ink)" stroke="none" />
      <path d="M-31,17C-28,17.6 -26,17 -24.5,16" />
      <path d="M8,8C13,3 12,-5 6,-6C1,-7 -1,-2 1,2C3,5 3,8 5,9.5C6.5,10.5 8,9.5 8,8Z" />
      <path d="M13,-15C8,-18 2,-17 -2,-13" stroke="var(--struct-2)" strokeWidth="4.5" />
      <path d="M-3,-12.4C-6,-10.5 -9,-9.5 -12,-9" stroke="var(--struct-1)" strokeWidth="5" />
    </>
  ),
  coronal: (
    <>
      <path d="M-17,-8C-14,-10 -10,-10 -7,-8M17,-8C14,-10 10,-10 7,-8" />
      <circle cx="-11.5" cy="-3" r="1.8" fill="var(--ink)" stroke="none" />
      <circle cx="11.5" cy="-3" r="1.8" fill="var(--ink)" stroke="none" />
      <path d="M0,-3C-2,3 -3,7 -3,9C-1,11 1,11 3,9M-8,19C-3,22 3,22 8,19" />
      <path d="M-13,-20L-9,-19M13,-20L9,-19" stroke="var(--struct-1)" strokeWidth="5" />
    </>
  ),
  axial: (
    <>
      <path d="M0,-30V34" strokeDasharray="1 4" stroke="var(--ink-3)" />
      <path d="M-11,-6C-12,-2 -12,0 -12,2M11,-6C12,-2 12,0 12,2" stroke="var(--struct-1)" strokeWidth="5" />
      <path d="M-12.5,5C-13,9 -12,13 -10,16M12.5,5C13,9 12,13 10,16" stroke="var(--struct-2)" strokeWidth="4.5" />
    </>
  ),
};
