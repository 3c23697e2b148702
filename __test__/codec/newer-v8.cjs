'use strict';
// Preloaded: says that this is the V8 where wide objects are made by constructors.
Object.defineProperty(process, 'versions', { value: { ...process.versions, v8: '14.6.0.0' } });
