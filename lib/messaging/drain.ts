/** 'drain': owed once `bufferedAmount` has reached the high-water mark, told when it has fallen below. */
import { HOLD_DRAIN, type PortState } from './state';
import { emitterListenerCount, nextTick, stockDispatchEvent, stockListenerCount } from './stock';
import { setHold, tellAll } from './thread';

const DrainEvent = Event;

/** The high-water mark is, or was, reached. */
export function onFull(state: PortState): void {
  if (state.full) return;
  state.full = true;
  holdOwed(state);
}

/** After a post: the reader is told, and `isFull` says that the mark was reached. */
export function tellPosted(state: PortState, isFull: boolean): void {
  tellAll();
  if (isFull) onFull(state);
}

/** Who waits for a 'drain' that is owed keeps the loop alive. */
export function holdOwed(state: PortState): void {
  const { drainEmitter: emitter } = state.rare;
  const listeners = emitter === undefined
    ? stockListenerCount(state.port, 'drain') 
    : emitterListenerCount(emitter, 'drain');
  onListeners(state, listeners);
}

/** The listeners for 'drain' have changed. */
export function onListeners(state: PortState, listeners: number): void {
  setHold(state, HOLD_DRAIN, state.full && listeners > 0);
}

/** It has fallen below. False if nobody is owed the event. */
export function onFall(state: PortState): boolean {
  if (!state.full) return false;
  state.full = false;
  setHold(state, HOLD_DRAIN, false);
  return true;
}

/** The mark of a port without a lane has changed, or what is buffered. */
export function settleLocal(state: PortState): void {
  if (state.bytes >= state.rare.highWaterMark) onFull(state);
  else if (onFall(state)) nextTick(() => emitDrain(state));
}

export function emitDrain(state: PortState): void {
  const { drainEmitter: emitter } = state.rare;
  if (emitter !== undefined) emitter.emit('drain');
  else stockDispatchEvent(state.port, new DrainEvent('drain'));
}
