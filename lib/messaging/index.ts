/** The message-passing exports of the package; undefined where the running Node has none of the name. */
export { postMessageToThread } from './clone';
export { markAsUncloneable } from './marks';
export { MessageChannel, MessagePort, moveMessagePortToContext, receiveMessageOnPort } from './port';
export { parentPort, Worker } from './worker';
