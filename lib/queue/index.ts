/** Memory that several threads share. */
export { SharedQueue } from './shared-queue';
