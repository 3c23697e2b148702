/** A list of keys comes while Object.prototype lacks one of its names, which is then put back as an accessor. Prints how it arrives. */
import { makePair } from './support.mjs';

const { roundTrip } = makePair();
const names = Array.from({ length: 140 }, (_, i) => `key ${i}`);
names[50] = 'toLocaleString';
const wide = (value) => Object.fromEntries(names.map((name) => [name, value]));
const own = Object.getOwnPropertyDescriptor(Object.prototype, 'toLocaleString');

delete Object.prototype.toLocaleString;
for (let round = 0; round < 50; round++) roundTrip(wide(round));
let calls = 0;
Object.defineProperty(Object.prototype, 'toLocaleString', { configurable: true, get: () => own.value, set: () => { calls++; } });
const arrived = roundTrip(wide('x'));
process.stdout.write(JSON.stringify({ calls, same: JSON.stringify(arrived) === JSON.stringify(wide('x')) }));
