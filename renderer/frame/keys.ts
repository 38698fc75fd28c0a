/** @file Names of keys with their modifiers. */

/** `Ctrl+Shift+z`; letters in lower case, a character that needs Shift by itself. */
export function keyOf({ key, ctrlKey, metaKey, shiftKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey'>): string {
  const name = key === ' ' ? 'Space' : key.length === 1 ? key.toLowerCase() : key;
  const isLetterOrNamed = name.length > 1 || /[a-z]/.test(name);
  return `${ctrlKey || metaKey ? 'Ctrl+' : ''}${shiftKey && isLetterOrNamed ? 'Shift+' : ''}${name}`;
}

const keyNames: Readonly<Record<string, string>> = { ArrowRight: '→', ArrowLeft: '←', ArrowUp: '↑', ArrowDown: '↓' };
export const keyText = (key: string): string =>
  key
    .split('+')
    .map((part) => keyNames[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');
