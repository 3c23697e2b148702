'use strict';
// The main thread ends, in each way and in the middle of everything: the process ends as with the built-in, and says the same.

const { endsAlike } = require('../support/exits.js');

endsAlike('main');
