/** The message-passing exports of the package; undefined where the running Node has none of the name. */
import { postMessageToThread } from './clone';
import { markAsUncloneable } from './marks';
import { MessageChannel, MessagePort, moveMessagePortToContext, receiveMessageOnPort } from './port';
import { parentPort, Worker } from './worker';

export const messaging = {
  MessageChannel,
  MessagePort,
  Worker,
  markAsUncloneable,
  moveMessagePortToContext,
  parentPort,
  postMessageToThread,
  receiveMessageOnPort,
};
