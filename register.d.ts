// GENERATED from scripts/register-types.ts by `npm run build:types`: do not edit.
/**
 * Puts the package in the place of `node:worker_threads`, in this thread and in the workers that it starts. Loading the
 * module registers.
 */
/** Register again, after {@link unregister}; else it does nothing. */
declare function register(): void;
/** Put back what was there before, in this thread. Workers that run stay as they are. */
declare function unregister(): void;

export { register, unregister };
