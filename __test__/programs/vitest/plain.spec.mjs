import { describe, expect, test } from 'vitest';
import { isOurs } from '../tasks.mjs';

test('is ours', () => expect(isOurs()).toBe(true));

describe('many', () => {
  test.each([1, 2, 3, 4, 5])('number %i', (n) => expect(n * 2).toBe(n + n));
  test.skip('skipped', () => {});
});

test('a large difference', () => expect(Array(1000).fill({ a: 'x' })).toEqual(Array(1000).fill({ a: 'y' })));
