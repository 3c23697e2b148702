/** The message-passing exports of the package. */
export { MessageChannel, MessagePort, moveMessagePortToContext, receiveMessageOnPort } from './port';
export { parentPort, Worker } from './worker';
