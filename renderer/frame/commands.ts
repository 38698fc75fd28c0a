/** @file Everything that can be done by name or key: one table drives the palette, the keyboard and the list of shortcuts. */
import { planes } from '../../engine/contract/engine-api';
import type { Workbench } from '../client/workbench';
import { saveView } from '../screens/explore/save-view';
import { worstVisit } from '../state/dice-of-case';
import { changeSettings, redo, undo } from '../state/history';
import { poseText } from '../state/pose';
import { usePose } from '../state/pose-store';
import { useSession } from '../state/session';
import { shownModels } from '../state/shown-models';
import { goTo, goUpright, pickPlane, playOrPause, stepBy, stepThroughRightAngles, stepToRightAngle } from '../state/turning';
import { overlays, useWorkspace, type Screen } from '../state/workspace';
import { diceText } from '../ui/format';
import { openDialog } from './dialogs';
import { chooseCaseFiles } from './open-case-files';
import { switchTheme } from './theme';

export interface Command {
  readonly name: string;
  readonly group: 'Turn' | 'Show' | 'Case' | 'Screen' | 'General';
  /** As keyOf (keys.ts) names them; the first is shown. */
  readonly keys?: readonly string[];
  readonly run: () => void;
}

export const screenNames: Readonly<Record<Screen, string>> = { explore: 'Explore', design: 'Design', train: 'Train', study: 'Study', runs: 'Runs', lessons: 'Lessons' };

/** What never changes; the palette adds cases and worst poses, see {@link passingCommands}. */
export function lastingCommands(workbench: Workbench): readonly Command[] {
  return [
    { name: 'Turn forward by 1°', group: 'Turn', keys: ['ArrowRight', 'ArrowUp'], run: () => stepBy(1) },
    { name: 'Turn back by 1°', group: 'Turn', keys: ['ArrowLeft', 'ArrowDown'], run: () => stepBy(-1) },
    { name: 'Turn forward by 15°', group: 'Turn', keys: ['Shift+ArrowRight', 'Shift+ArrowUp'], run: () => stepBy(15) },
    { name: 'Turn back by 15°', group: 'Turn', keys: ['Shift+ArrowLeft', 'Shift+ArrowDown'], run: () => stepBy(-15) },
    { name: 'Next right angle', group: 'Turn', keys: ['Ctrl+ArrowRight', 'Ctrl+ArrowUp'], run: () => stepToRightAngle(1) },
    { name: 'Previous right angle', group: 'Turn', keys: ['Ctrl+ArrowLeft', 'Ctrl+ArrowDown'], run: () => stepToRightAngle(-1) },
    { name: 'Upright', group: 'Turn', keys: ['Home'], run: goUpright },
    { name: 'Play or pause', group: 'Turn', keys: ['Space'], run: playOrPause },
    { name: 'Next of the 24 right angles', group: 'Turn', keys: ['PageDown'], run: () => stepThroughRightAngles(1) },
    { name: 'Previous of the 24 right angles', group: 'Turn', keys: ['PageUp'], run: () => stepThroughRightAngles(-1) },
    ...planes.map((plane): Command => ({ name: `Turn in the ${plane} plane`, group: 'Turn', keys: [plane[0]], run: () => pickPlane(plane) })),
    { name: 'Go to the worst pose found', group: 'Turn', keys: ['w'], run: goToWorstPose },
    { name: 'Compute Dice over angle in this plane', group: 'Turn', run: () => void workbench.computeCurve() },
    ...overlays.map((overlay, index): Command => ({ name: { prediction: 'Show or hide the prediction', reference: 'Show or hide the reference', disagreement: 'Show or hide disagreement' }[overlay], group: 'Show', keys: [String(index + 1)], run: () => toggleOverlay(overlay) })),
    { name: 'Show 3D and slices', group: 'Show', run: () => changeSettings('layout', { layout: 'both' }) },
    { name: 'Show 3D only', group: 'Show', run: () => changeSettings('layout', { layout: '3d' }) },
    { name: 'Show slices only', group: 'Show', run: () => changeSettings('layout', { layout: 'slices' }) },
    { name: 'Save the view as PNG', group: 'Show', keys: ['Ctrl+s'], run: saveView },
    { name: 'Open a file …', group: 'Case', keys: ['Ctrl+o'], run: () => chooseCaseFiles(workbench) },
    { name: 'Previous case', group: 'Case', keys: ['['], run: () => void workbench.stepCase(-1) },
    { name: 'Next case', group: 'Case', keys: [']'], run: () => void workbench.stepCase(1) },
    ...(Object.keys(screenNames) as Screen[]).map((screen): Command => ({ name: `Go to ${screenNames[screen]}`, group: 'Screen', run: () => useWorkspace.setState({ screen }) })),
    { name: 'Undo', group: 'General', keys: ['Ctrl+z'], run: undo },
    { name: 'Redo', group: 'General', keys: ['Ctrl+Shift+z', 'Ctrl+y'], run: redo },
    { name: 'Search or run a command', group: 'General', keys: ['Ctrl+k'], run: () => openDialog('palette') },
    { name: 'Switch between light and dark', group: 'General', run: switchTheme },
    { name: 'Follow the system’s theme', group: 'General', run: () => useWorkspace.setState({ theme: 'system' }) },
    { name: 'Shortcuts', group: 'General', keys: ['?'], run: () => openDialog('shortcuts') },
    { name: 'About Gyra', group: 'General', run: () => openDialog('about') },
  ];
}

/** What can be done just now: cases to open, worst poses to go to. */
export function passingCommands(workbench: Workbench): readonly Command[] {
  const { cases, models, visits } = useSession.getState();
  return [
    ...cases.map(({ id, name }): Command => ({ name: `Open ${name}`, group: 'Case', run: () => void workbench.openCase(id) })),
    ...shownModels(models, useWorkspace.getState().settings.modelIds).flatMap(({ id, name }): Command[] => {
      const worst = worstVisit(visits, id);
      return worst ? [{ name: `Go to the worst pose of ${name}: ${poseText(worst.pose)}, Dice ${diceText(worst.meanDice)}`, group: 'Turn', run: () => goTo(worst.pose) }] : [];
    }),
  ];
}

const toggleOverlay = (overlay: (typeof overlays)[number]): void => {
  const shown = useWorkspace.getState().settings.overlays;
  changeSettings(overlay, { overlays: { ...shown, [overlay]: !shown[overlay] } });
};

function goToWorstPose(): void {
  const { models, visits } = useSession.getState();
  const worst = shownModels(models, useWorkspace.getState().settings.modelIds)
    .flatMap(({ id }) => worstVisit(visits, id) ?? [])
    .sort((a, b) => a.meanDice! - b.meanDice!);
  if (worst.length > 0 && usePose.getState().pose !== worst[0].pose) goTo(worst[0].pose);
}
