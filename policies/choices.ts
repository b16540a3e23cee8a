/** Choices: what a stack may say to its bundles, one key for each bundle that can be told something. */

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- The first bundle that is told something adds its key.
export interface BundleChoices {}
