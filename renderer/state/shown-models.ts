/** @file Which models stand side by side, and which mark and hue each keeps everywhere. */
import type { ModelSummary, OpenCase, Structure } from '../../engine/contract/engine-api';
import { ratioOf } from '../../engine/contract/irreps-text';
import type { ModelMark } from '../ui/model-mark';
import { largestNumberOfTiles } from './workspace';

/** The chosen models that exist, in the chosen order; without a choice the first steerable and the first ordinary one. */
export function shownModels(models: readonly ModelSummary[], chosen: readonly string[]): readonly ModelSummary[] {
  const found = chosen.flatMap((id) => models.filter((model) => model.id === id)).slice(0, largestNumberOfTiles);
  if (found.length > 0) return found;
  const first = (['steerable-unet', 'unet'] as const).flatMap((architecture) => models.find(({ spec }) => spec.architecture === architecture) ?? []);
  return first.length === 2 ? first : models.slice(0, 2);
}

/** What can be outlined: the case's structures, or where it has no labels those its models know. */
export const structuresOf = (open: OpenCase, shown: readonly ModelSummary[]): readonly Structure[] =>
  open.structures.length > 0 ? open.structures : [...new Map(shown.flatMap(({ structures }) => structures.map((structure) => [structure.value, structure] as const))).values()];

const steerable: Omit<ModelMark, 'dashed'>[] = [{ shape: 'circle', colour: '--model-steerable' }];
const ordinary: Omit<ModelMark, 'dashed'>[] = [
  { shape: 'square', colour: '--model-ordinary' },
  { shape: 'triangle', colour: '--model-ordinary-20' },
  { shape: 'diamond', colour: '--model-ordinary-full' },
];

const group: Omit<ModelMark, 'dashed'>[] = [{ shape: 'cross', colour: '--model-group' }];
const marks = { 'steerable-unet': steerable, unet: ordinary, 'group-unet': group };

/** The mark of a model: by its kind and its place among the models of that kind. */
export function markOf(models: readonly ModelSummary[], modelId: string): ModelMark {
  const model = models.find(({ id }) => id === modelId);
  const kind = marks[model?.spec.architecture ?? 'unet'];
  const place = models.filter(({ spec }) => spec.architecture === model?.spec.architecture).findIndex(({ id }) => id === modelId);
  return { ...kind[Math.max(0, place) % kind.length], dashed: place >= kind.length };
}

/** The irreps ratio (`4:2:1`) or width and kernel (`15 wide, 5³`), and the number of parameters (`15 k`, `1.44 M`). */
export function modelSize({ spec, parameters }: ModelSummary): { design: string; parameters: string } {
  const design = spec.architecture === 'steerable-unet' ? ratioOf(spec.irreps) : `${spec.features} wide, ${spec.kernelSize}³`;
  return { design, parameters: parameters >= 995_000 ? `${(parameters / 1e6).toFixed(2)} M` : parameters >= 9_950 ? `${Math.round(parameters / 1000)} k` : `${(parameters / 1000).toFixed(1)} k` };
}
