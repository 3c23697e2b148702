/** Numbers of key lists, as native code gives them in threads (lib/codec/shapes.ts). */
export class MemoryShapeRegistry {
  #ids = new Map();
  #lists = [];
  #capacity;

  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  register(keys) {
    const name = JSON.stringify(keys);
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    if (this.#lists.length >= this.#capacity) return -1;
    this.#ids.set(name, this.#lists.length);
    return this.#lists.push([...keys]) - 1;
  }

  lookup(id) {
    return this.#lists[id];
  }
}
