/** @file A screen that is not in this version: what it will be, and what does the work today. */
import type { Screen } from '../state/workspace';

interface Announcement {
  readonly title: string;
  readonly will: string;
  /** Command of the terminal that does it today. */
  readonly meanwhile: string;
  readonly command?: string;
}

const announcements: Readonly<Record<Exclude<Screen, 'explore'>, Announcement>> = {
  design: {
    title: 'Design',
    will: 'Set the irreps of a steerable network by sliders and see parameters, memory and time beside the ordinary U-Net before you train.',
    meanwhile: 'A network is a few lines of a training spec; the shipped models hold theirs in run.json.',
    command: 'npm run -s gyra -- train --help',
  },
  train: {
    title: 'Train',
    will: 'Race models on the same data and seed, watch loss and Dice upright and turned, pause, resume, stop and keep the best.',
    meanwhile: 'Training runs from the terminal and can be resumed.',
    command: 'npm run -s gyra -- train SPEC',
  },
  study: {
    title: 'Study',
    will: 'The paper’s questions as charts with their tables: Dice over angle, irreps ratio, size of the training set, parameters.',
    meanwhile: 'Dice upright and under rotation protocols, as JSON:',
    command: 'npm run -s gyra -- evaluate MODEL DATASET --protocol planes,right-angles --json',
  },
  runs: {
    title: 'Runs',
    will: 'What was done: filter, compare, open a run anywhere.',
    meanwhile: 'A run is a folder of plain files; this prints one:',
    command: 'npm run -s gyra -- info runs/NAME',
  },
  lessons: {
    title: 'Lessons',
    will: 'Guided questions about equivariance: predict, try, explain.',
    meanwhile: 'Explore asks the first one: turn the head and watch both models.',
  },
};

export function AnnouncedScreen({ screen }: { screen: Exclude<Screen, 'explore'> }) {
  const { title, will, meanwhile, command } = announcements[screen];
  return (
    <section className="announced" aria-labelledby="announced-title">
      <h1 id="announced-title">{title}</h1>
      <p className="quiet">Not in this version.</p>
      <p>{will}</p>
      <p>{meanwhile}</p>
      {command && <code>{command}</code>}
    </section>
  );
}
