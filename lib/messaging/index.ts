/** The message-passing exports of the package. */
export { MessageChannel, MessagePort, receiveMessageOnPort } from './port';
export { parentPort, Worker } from './worker';
