/** 'drain': owed once `bufferedAmount` has reached the high-water mark, told when it has fallen below. */
import { HOLD_DRAIN, type PortState } from './state';
import { emitterListenerCount, stockDispatchEvent, stockListenerCount } from './stock';
import { setHold } from './thread';

const DrainEvent = Event;

/** The high-water mark is reached: who waits for 'drain' keeps the loop alive. */
export function onFull(state: PortState): void {
  state.full = true;
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

export function emitDrain(state: PortState): void {
  const { drainEmitter: emitter } = state.rare;
  if (emitter !== undefined) emitter.emit('drain');
  else stockDispatchEvent(state.port, new DrainEvent('drain'));
}
