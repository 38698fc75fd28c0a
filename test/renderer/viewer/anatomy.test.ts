import { describe, expect, it } from 'vitest';
import { letterOf, views } from '../../../renderer/viewer/anatomy';

describe('letters at the edges', () => {
  it('have the patient\u2019s right on the left for a RAS file', () => {
    expect([views.axial.right, views.coronal.right, views.sagittal.right].map((direction) => letterOf(direction, 'RAS'))).toEqual(['L', 'L', 'P']);
    expect([views.axial.up, views.coronal.up, views.sagittal.up].map((direction) => letterOf(direction, 'RAS'))).toEqual(['A', 'S', 'S']);
  });
  it('tell the truth about a file stored the other way round', () => {
    expect(letterOf(views.axial.right, 'LAS')).toBe('R');
    expect(letterOf(views.coronal.up, 'LPI')).toBe('I');
    expect(letterOf(views.sagittal.right, 'LPI')).toBe('A');
  });
});
