/** Node's way from a message to the listeners of a port, with the ports that its event tells of. */
import { kCurrentlyReceivingPorts, type StockPort, stockDispatch } from './stock';

type Internals = StockPort & Record<symbol, unknown>;

/** The ports of the message that Node is about to dispatch. They are taken off: what is ahead of it must not get them. */
export function takePorts(port: StockPort): unknown {
  const ports = (port as Internals)[kCurrentlyReceivingPorts];
  (port as Internals)[kCurrentlyReceivingPorts] = undefined;
  return ports;
}

/** Calls the listeners. */
export function handOver(port: StockPort, value: unknown, type: string, ports: unknown): void {
  if (ports === undefined) {
    stockDispatch(port, value, type, undefined);
    return;
  }
  (port as Internals)[kCurrentlyReceivingPorts] = ports;
  try {
    stockDispatch(port, value, type, undefined);
  } finally {
    // A listener may have thrown before anybody asked for them.
    (port as Internals)[kCurrentlyReceivingPorts] = undefined;
  }
}
