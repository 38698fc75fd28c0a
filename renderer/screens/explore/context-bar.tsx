/** @file Which case, which models, how they are laid out; save what is seen. */
import { ChevronLeft, ChevronRight, Download, FolderOpen, Link, Plus } from 'lucide-react';
import type { CaseSummary, ModelSummary } from '../../../engine/contract/engine-api';
import { useWorkbench } from '../../client/workbench-context';
import { chooseCaseFiles } from '../../frame/open-case-files';
import { changeSettings } from '../../state/history';
import { useSession } from '../../state/session';
import { markOf, modelSize } from '../../state/shown-models';
import { largestNumberOfTiles, useWorkspace } from '../../state/workspace';
import { Button, IconButton } from '../../ui/button';
import { shapeText, spacingText } from '../../ui/format';
import { ModelMarkIcon } from '../../ui/model-mark';
import { Picker } from '../../ui/picker';
import { Segmented } from '../../ui/segmented';
import { saveView } from './save-view';

export function ContextBar({ shown }: { shown: readonly ModelSummary[] }) {
  const workbench = useWorkbench();
  const { open, opening, cases, models } = useSession();
  const layout = useWorkspace((workspace) => workspace.settings.layout);
  const toggleModel = (id: string) => {
    const ids = shown.map((model) => model.id);
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
    if (next.length > 0) changeSettings('models', { modelIds: next });
  };
  const modelItems = models.map((model) => ({
    id: model.id,
    name: model.name,
    detail: sizeText(model),
    icon: <ModelMarkIcon mark={markOf(models, model.id)} />,
    isChosen: shown.includes(model),
    isDisabled: !shown.includes(model) && shown.length >= largestNumberOfTiles,
  }));
  return (
    <div className="context-bar">
      <IconButton kind="ghost" small name="Previous case" keys="[" disabled={cases.length < 2} onClick={() => void workbench.stepCase(-1)}>
        <ChevronLeft size={16} />
      </IconButton>
      <Picker
        label="Case"
        description={open?.name ?? 'none'}
        items={cases.map((one) => ({ id: one.id, name: one.name, detail: splitNames[one.split], isChosen: one.id === open?.id }))}
        emptyText="No case has this name. Drop a volume to open it."
        onPick={(id) => void workbench.openCase(id)}
        footer={
          <Button kind="ghost" className="popover-action" onClick={() => chooseCaseFiles(workbench)}>
            <FolderOpen size={16} />
            Open a file …
          </Button>
        }
      >
        <b>{opening ? `Opening ${opening} …` : (open?.name ?? 'No case')}</b>
      </Picker>
      <IconButton kind="ghost" small name="Next case" keys="]" disabled={cases.length < 2} onClick={() => void workbench.stepCase(1)}>
        <ChevronRight size={16} />
      </IconButton>
      {open && (
        <span className="case-facts">
          {shapeText(open.fileShape)}, {spacingText(open.spacingMm)}, {open.orientation}
          <span className="wide"> · {splitText[open.split]}</span>
        </span>
      )}
      <span className="separator" />
      <Picker label="Models" description={shown.map(({ name }) => name).join(', ')} multiple items={modelItems} emptyText="No model has this name." onPick={toggleModel} footer={shown.length >= largestNumberOfTiles && <p className="popover-note">Four fit side by side; take one away first.</p>}>
        {shown.length} of {models.length} {models.length === 1 ? 'model' : 'models'}
      </Picker>
      {models.length > shown.length && shown.length < largestNumberOfTiles && (
        <Button kind="ghost" className="wide" onClick={() => toggleModel(models.find((model) => !shown.includes(model))!.id)}>
          <Plus size={16} />
          Add model
        </Button>
      )}
      <span className="end">
        {shown.length > 1 && (
          <span className="wide linked">
            <Link size={14} aria-hidden="true" />
            views linked
          </span>
        )}
        <Segmented label="Layout" value={layout} options={layouts} onChange={(next) => changeSettings('layout', { layout: next })} />
        <Button onClick={saveView} disabled={!open}>
          <Download size={16} />
          <span>
            Save<span className="wide"> view</span>
          </span>
        </Button>
      </span>
    </div>
  );
}

const layouts = [
  { value: 'both', name: '3D + slices' },
  { value: '3d', name: '3D' },
  { value: 'slices', name: 'Slices' },
] as const;

const splitNames: Readonly<Record<CaseSummary['split'], string>> = { test: 'test', validation: 'validation', train: 'training', opened: 'your file' };
const splitText: Readonly<Record<CaseSummary['split'], string>> = {
  test: 'test split, never trained on',
  validation: 'validation split, used to choose the epoch',
  train: 'training split: the models have seen it',
  opened: 'your file',
};
const sizeText = (model: ModelSummary): string => {
  const { design, parameters } = modelSize(model);
  return `${design} · ${parameters}`;
};
