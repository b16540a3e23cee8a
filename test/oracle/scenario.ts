/**
 * Scenario: one world and the questions asked of it, in the format that `reach conformance` reads.
 *
 * The Go program reads it as JSON; test/oracle/scenario.go says what each field means there.
 */
import type {
  Pod as WrittenPod,
  Scenario as Written,
  Service as WrittenService,
} from "../../policies/reachability/conformance/format.ts";
import type { Setting } from "../../policies/reachability/conformance/world.ts";

export type Pod = WrittenPod;
export type Service = WrittenService;
export type Probe = Written["probes"][number];

/** For ICMP the port of a probe is the type. */
export type Scenario = Setting & { readonly probes: readonly Probe[] };
