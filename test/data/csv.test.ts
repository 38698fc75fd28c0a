import { describe, expect, it } from 'vitest';
import { readCsv, writeCsv } from '../../engine/data/csv';

describe('csv', () => {
  it('reads back what it wrote', () => {
    const rows = [{ a: 'plain', b: 0.1 + 0.2, c: null }, { a: 'with, comma', b: -1e-9, c: 'a "quoted"\nline' }];
    const text = writeCsv(['a', 'b', 'c'], rows);
    expect(text.split('\n')[1]).toBe('plain,0.30000000000000004,');
    expect(readCsv(text, 'x.csv')).toEqual(rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value ?? '')]))));
  });
  it('takes the line ends and the mark of other programs, and leaves out empty lines', () => {
    expect(readCsv('\uFEFFa,b\r\n1,\r\n\r\n,2', 'x.csv')).toEqual([{ a: '1', b: '' }, { a: '', b: '2' }]);
  });
  it('names the line that has another number of cells', () => {
    expect(() => readCsv('a,b\n1,2\n1,2,3\n', 'x.csv')).toThrow('x.csv: line 3 has 3 cells and the first line 2.');
    expect(() => readCsv('', 'x.csv')).toThrow('x.csv is empty.');
  });
});
