/**
 * Stack traces as Node makes them. Types are stripped in place, so every line number is right already; the mapping that
 * Pulumi's runner installs looks for source maps at every resource and finds none, for a sixth of a preview's time.
 */
delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
