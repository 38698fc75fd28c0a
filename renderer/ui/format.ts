/** @file Numbers as the window writes them. */

/** Two places, a true minus sign, a dash for none. */
export const diceText = (dice: number | null | undefined): string => (dice === null || dice === undefined ? '–' : signed(dice.toFixed(2)));

/** Change of Dice with its sign: `+0.01`, `−0.52`, `0.00`. */
export function changeText(change: number): string {
  const text = change.toFixed(2);
  return Number(text) === 0 ? '0.00' : change > 0 ? `+${text}` : signed(text);
}

export const millilitresText = (ml: number | null): string => (ml === null ? '–' : `${ml.toFixed(2)} ml`);

/** `0:48`, `12:05`, `1:02:00`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

/** `71 ms`, `24.5 s`. */
export const computingText = (milliseconds: number): string => (milliseconds < 9950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`);

/** `36 × 48 × 40` */
export const shapeText = (shape: readonly number[]): string => shape.join(' × ');

/** `1.0 mm`, or `1.0 × 1.0 × 1.2 mm` where the axes differ. */
export function spacingText(spacingMm: readonly number[]): string {
  const texts = spacingMm.map((mm) => mm.toFixed(mm < 0.1 ? 3 : 1));
  return `${texts.every((text) => text === texts[0]) ? texts[0] : texts.join(' × ')} mm`;
}

/** A number a person typed as an angle: `62`, `62.5°`, `62,5`; null where it is none. */
export function parseDegrees(text: string): number | null {
  const digits = text.replace('°', '').replace(',', '.').trim();
  return digits === '' || !Number.isFinite(Number(digits)) ? null : Number(digits);
}

const signed = (text: string): string => text.replace('-', '−');
