// The ESM face of the same CommonJS instance.

import registration from './register.js';

export const { register, unregister } = registration;
export default registration;
