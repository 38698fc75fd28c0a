import { describe, expect, it } from 'vitest';
import { keyOf, keyText } from '../../../renderer/frame/keys';

const press = (key: string, modifiers: { ctrlKey?: boolean; shiftKey?: boolean; metaKey?: boolean } = {}) => keyOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, ...modifiers });

describe('keys', () => {
  it('are named with their modifiers', () => {
    expect(press(' ')).toBe('Space');
    expect(press('ArrowLeft', { shiftKey: true })).toBe('Shift+ArrowLeft');
    expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('Ctrl+Shift+z');
    expect(press('k', { metaKey: true })).toBe('Ctrl+k');
  });
  it('do not name Shift where the character already says it', () => {
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press('1')).toBe('1');
  });
  it('are written as on the keyboard', () => {
    expect([keyText('Ctrl+Shift+z'), keyText('Shift+ArrowRight'), keyText('Space'), keyText('[')]).toEqual(['Ctrl Shift Z', 'Shift →', 'Space', '[']);
  });
});
