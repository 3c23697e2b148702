/** The message codec: values to words and text, and back. See format.ts for what is on the wire. */
export { CorruptMessageError } from './corrupt';
export { Decoder } from './decoder';
export { Encoder, type TxHost } from './encoder';
import { Layout } from './format';
export type { ShapeRegistry } from './shapes';

/** First word of a message in the scratch; the words before it belong to the binding. */
export const BASE: number = Layout.Base;
