/** @file A screen that is not in this version: what it will be, and what does the work today. */
import type { Screen } from '../state/workspace';

interface Announcement {
  readonly title: string;
  readonly will: string;
  /** What does the work today. */
  readonly meanwhile: string;
  /** Of the terminal. */
  readonly commands?: readonly string[];
}

const announcements: Readonly<Record<Exclude<Screen, 'explore'>, Announcement>> = {
  design: {
    title: 'Design',
    will: 'Set the irreps of a steerable network by sliders and see parameters, memory and time beside the ordinary U-Net before you train.',
    meanwhile: 'A network is a few lines of a training spec; this prints its parameters, memory and time:',
    commands: ['npm run -s gyra -- cost SPEC'],
  },
  train: {
    title: 'Train',
    will: 'Race models on the same data and seed, watch loss and Dice upright and turned, pause, resume, stop and keep the best.',
    meanwhile: 'Training runs from the terminal and can be resumed.',
    commands: ['npm run -s gyra -- train SPEC'],
  },
  study: {
    title: 'Study',
    will: 'The paper’s questions as charts with their tables: Dice over angle, irreps ratio, size of the training set, parameters.',
    meanwhile: 'Studies run from the terminal and can be resumed; a report is one page of their tables and figures:',
    commands: ['npm run -s gyra -- study rotation --dataset FOLDER', 'npm run -s gyra -- report studies/rotation'],
  },
  runs: {
    title: 'Runs',
    will: 'What was done: filter, compare, open a run anywhere.',
    meanwhile: 'A run is a folder of plain files; these print one, make a page of some, and repeat one:',
    commands: ['npm run -s gyra -- info runs/NAME', 'npm run -s gyra -- report runs/NAME ...', 'npm run -s gyra -- verify runs/NAME'],
  },
  lessons: {
    title: 'Lessons',
    will: 'Guided questions about equivariance: predict, try, explain.',
    meanwhile: 'Explore asks the first one: turn the head and watch both models.',
  },
};

export function AnnouncedScreen({ screen }: { screen: Exclude<Screen, 'explore'> }) {
  const { title, will, meanwhile, commands = [] } = announcements[screen];
  return (
    <section className="announced" aria-labelledby="announced-title">
      <h1 id="announced-title">{title}</h1>
      <p className="quiet">Not in this version.</p>
      <p>{will}</p>
      <p>{meanwhile}</p>
      {commands.map((command) => <code key={command}>{command}</code>)}
    </section>
  );
}
