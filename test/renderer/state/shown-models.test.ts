import { describe, expect, it } from 'vitest';
import type { ModelSummary } from '../../../engine/contract/engine-api';
import { markOf, modelSize, shownModels } from '../../../renderer/state/shown-models';
import { fakeModels } from '../support/fake-bridge';

const [steady, falling] = fakeModels;
const another = (model: ModelSummary, id: string): ModelSummary => ({ ...model, id });

describe('models side by side', () => {
  it('are the first steerable and the first ordinary one until somebody chooses', () => {
    expect(shownModels([another(falling, 'x'), falling, steady], []).map(({ id }) => id)).toEqual(['steady', 'x']);
    expect(shownModels([steady], []).map(({ id }) => id)).toEqual(['steady']);
    expect(shownModels([], ['gone'])).toEqual([]);
  });
  it('are the chosen ones in their order, without those that are gone', () => {
    expect(shownModels(fakeModels, ['falling', 'gone', 'steady']).map(({ id }) => id)).toEqual(['falling', 'steady']);
  });
  it('keep one mark each, whichever are shown; a variant beyond the hues is dashed', () => {
    const many = [steady, falling, another(falling, 'b'), another(falling, 'c'), another(falling, 'd'), another(steady, 'e')];
    expect(many.map(({ id }) => markOf(many, id).shape)).toEqual(['circle', 'square', 'triangle', 'diamond', 'square', 'circle']);
    expect(many.map(({ id }) => markOf(many, id).dashed)).toEqual([false, false, false, false, true, true]);
  });
  it('say their design and size', () => {
    expect(modelSize(steady)).toEqual({ design: '4:2:1', parameters: '61 k' });
    expect(modelSize({ ...steady, spec: { ...steady.spec, irreps: '8x0e+8x1e' } as ModelSummary['spec'] }).design).toBe('8:8:0');
    expect(modelSize(falling)).toEqual({ design: '15 wide, 5³', parameters: '1.28 M' });
    expect(modelSize({ ...steady, parameters: 2345 }).parameters).toBe('2.3 k');
  });
});
