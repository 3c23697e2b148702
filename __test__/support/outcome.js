'use strict';
// What an action did, in a form that can be compared between the module under test and the built-in.

/** The error that `action` throws, as plain data, or `{ returned }`. */
function outcome(action) {
  try {
    return { returned: action() };
  } catch (error) {
    if (error === null || typeof error !== 'object') return { thrown: error };
    return {
      thrown: error.constructor.name,
      name: error.name,
      code: error.code,
      message: error.message,
      dom: error instanceof DOMException,
      error: error instanceof Error,
      own: Object.keys(error).sort(),
    };
  }
}

module.exports = { outcome };
