'use strict';
// Preloaded with --require: every thread of the process says that broadcast channels may use native inboxes.

require('threadport')[Symbol.for('threadport.broadcasts')]?.cover();
