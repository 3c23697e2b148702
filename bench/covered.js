'use strict';
// Preloaded: broadcast channels may use native inboxes in this thread.

require(require('./contenders.js').ours.id)[Symbol.for('threadport.broadcasts')]?.cover();
