'use strict';
// A worker ends, in each way and in the middle of everything: the process ends as with the built-in, and says the same.

const { endsAlike } = require('../support/exits.js');

endsAlike('worker');
