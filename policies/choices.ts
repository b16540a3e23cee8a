/** Choices: what a stack may say to its bundles, one key for each bundle that can be told something. */

export interface BundleChoices {
  readonly environmentIsolation: EnvironmentIsolationChoices;
}

export interface EnvironmentIsolationChoices {
  /** Values of the label `environment`. Namespaces of two different ones never reach each other. */
  readonly environments: readonly string[];
}
