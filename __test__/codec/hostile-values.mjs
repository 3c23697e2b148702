/** What the hostile programs send: a message without references between objects, and one with. */
function makeValue() {
  const value = {
    a: [1, 2, 3], b: ['x', null, undefined, true, 1.5, -0, 'wide Ā'], long: [], doubles: [], objects: [], list: [{ name: 'n', toString: 1 }, { name: 'm', toString: 2 }],
    map: new Map([['k', { a: 1 }]]), set: new Set([1, 'two']), date: new Date(5), regexp: /ab+c/gi, big: [1n, -(2n ** 80n)], boxed: [Object('s'), Object(1)],
    bytes: new Uint8Array([1, 2, 3]), view: new DataView(new ArrayBuffer(9), 1), dict: {}, nested: { a: { b: { self: null } } }, 7: 'seven',
  };
  for (let i = 0; i < 100; i++) {
    value.long.push(i);
    value.doubles.push(i / 2);
    value.objects.push({ a: i, b: `${i}`, name: { k1: i } });
  }
  for (let i = 0; i < 140; i++) value.dict[`k${i}`] = i;
  return value;
}

export function makeValues() {
  const plain = makeValue();
  const linked = makeValue();
  linked.self = linked;
  linked.again = linked.objects[5];
  linked.proto = JSON.parse('{"__proto__":{"a":1}}');
  linked.holes = [1, , 3];
  return [plain, linked];
}
