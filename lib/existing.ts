/** A constructor that returns its argument, if there is one, so that the private fields of a subclass land on it. */
export class Existing {
  constructor(object: object | undefined) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what the class is for
    return object as object;
  }
}
