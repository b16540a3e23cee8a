/** Tenants: the namespaces and the bundle that they bring along, and everything about them that cannot be. */
import { baseline } from "../../policies/baseline/bundle.ts";
import { gateway } from "../../policies/gateway/bundle.ts";
import { exampleNames } from "../../policies/inventory.ts";
import { environmentLabel, gatewayAccessLabel, podSecurityLabel, present, teamLabel } from "../../policies/names.ts";
import { nearest } from "../../policies/nearest.ts";
import type { Problem } from "../../policies/problems.ts";
import { readPromises } from "../../policies/reachability/promises.ts";
import { tenants as tenantsBundle } from "../../policies/tenants/bundle.ts";
import { peerName } from "../../policies/tenants/promises.ts";
import { thousandths } from "../quantity.ts";
import type { Settings, TenantSettings } from "../settings.ts";
import { homeOf, namespacesOf, targetPortOf, workloadCalled } from "../tenants/tenants-of.ts";
import { ownedNamespaces } from "./answers.ts";
import { isObjectId, objectIdExpected, orList } from "./formats.ts";

type Tenants = Settings["tenants"];
type Workload = TenantSettings["workloads"][string];

/** A tenant and where the stack file speaks of it. */
interface Written {
  readonly name: string;
  readonly tenant: TenantSettings;
  readonly where: string;
}

/** A workload of it. */
interface WrittenWorkload extends Written {
  readonly workload: string;
  readonly choices: Workload;
}

/** The stack as it is with the namespaces of its tenants, which start closed, and the bundle that speaks of them. */
export function withTenants(settings: Settings): Settings {
  const { tenants, namespaces, policies } = settings;
  if (Object.keys(tenants).length === 0) return settings;
  const theirs = Object.entries(tenants).flatMap(([name, tenant]) =>
    namespacesOf(name, tenant).map((namespace) => [namespace, namespaceOf(name, tenant, namespace)] as const),
  );
  const bundles = new Set([...policies.bundles, tenantsBundle.name as Settings["policies"]["bundles"][number]]);
  return {
    ...settings,
    namespaces: { ...namespaces, ...Object.fromEntries(theirs) },
    policies: { ...policies, bundles: [...bundles] },
  };
}

function namespaceOf(name: string, tenant: TenantSettings, namespace: string): Settings["namespaces"][string] {
  const routed = Object.entries(tenant.workloads).some(
    ([workload, { route }]) => route !== undefined && homeOf(name, tenant, workload).namespace === namespace,
  );
  return {
    isolated: true,
    labels: {
      [teamLabel]: tenant.team ?? name,
      ...(tenant.environment === undefined ? {} : { [environmentLabel]: tenant.environment }),
      [podSecurityLabel]: tenant.podSecurity,
      ...(routed ? { [gatewayAccessLabel]: present } : {}),
    },
  };
}

/** Of a stack as it was written, before {@link withTenants}; `brought` are namespaces of bundles, with their bundles. */
export function tenantProblems(
  settings: Settings,
  brought: readonly { readonly bundle: string; readonly namespace: string }[],
  file: string,
): readonly Problem[] {
  const tenants = Object.entries(settings.tenants).map(([name, tenant]): Written => ({
    name,
    tenant,
    where: `${file} › tenants.${name}`,
  }));
  if (tenants.length === 0) return [];
  const workloads = tenants.flatMap(workloadsOf);
  return [
    ...missingBundles(settings, workloads, file),
    ...namespaceClashes(settings, brought, tenants),
    ...hostClashes(workloads),
    ...tenants.flatMap((written) => [
      ...unknownEnvironment(settings, written),
      ...tooSmallQuota(written),
      ...(settings.target === "aks" ? withoutObjectId(written) : []),
      ...uselessNames(written),
      ...malformedPromises(written),
      ...samePods(written),
      ...(written.tenant.repositories.length > 0 && !settings.argocd.enabled ? [withoutArgoCd(written)] : []),
    ]),
    ...workloads.flatMap((written) => [
      ...takenName(written),
      ...foreignNamespace(written),
      ...portlessCalls(written),
      ...impossibleCallers(written, settings.tenants),
      ...impossibleRoute(written, settings),
    ]),
  ];
}

function workloadsOf(written: Written): readonly WrittenWorkload[] {
  return Object.entries(written.tenant.workloads).map(([workload, choices]) => ({
    ...written,
    workload,
    choices,
    where: `${written.where}.workloads.${workload}`,
  }));
}

function missingBundles({ policies }: Settings, workloads: readonly WrittenWorkload[], file: string): Problem[] {
  const where = `${file} › policies.bundles`;
  const routed = workloads.some(({ choices }) => choices.route !== undefined);
  return [
    ...(policies.bundles.includes("baseline")
      ? []
      : [
          {
            code: "policies/needs-baseline",
            where,
            what: `the stack has tenants, but not the bundle \`${baseline.name}\``,
            expected: "what tenants open to be closed first, and name resolution to be left open",
            fix: `add \`${baseline.name}\``,
          },
        ]),
    ...(routed && !policies.bundles.includes("gateway")
      ? [
          {
            code: "policies/needs-gateway",
            where,
            what: `a tenant has a route, but the bundle \`${gateway.name}\` is not chosen`,
            expected: "the Gateway to be closed but for its listeners and its routes",
            fix: `add \`${gateway.name}\``,
          },
        ]
      : []),
  ];
}

function namespaceClashes(
  { namespaces }: Settings,
  brought: readonly { readonly bundle: string; readonly namespace: string }[],
  tenants: readonly Written[],
): Problem[] {
  const owners = new Map([
    ...Object.entries(ownedNamespaces).map(([namespace, owner]) => [namespace, owner] as const),
    ...Object.keys(namespaces).map((namespace) => [namespace, "the stack itself, under `namespaces`"] as const),
    ...brought.map(({ bundle, namespace }) => [namespace, `the bundle \`${bundle}\``] as const),
  ]);
  return tenants.flatMap(({ name, tenant, where }) =>
    namespacesOf(name, tenant).flatMap((namespace, index) => {
      const owner = owners.get(namespace);
      owners.set(namespace, owner ?? `the tenant \`${name}\``);
      if (owner === undefined) return [];
      return [
        {
          code: "settings/namespace-taken",
          where: tenant.namespaces.length === 0 ? where : `${where}.namespaces[${String(index)}]`,
          what: `\`${namespace}\` belongs to ${owner}`,
          expected: "namespaces of the tenant's own",
          fix: tenant.namespaces.length === 0 ? "name others under its `namespaces`" : "choose another name",
        },
      ];
    }),
  );
}

function hostClashes(workloads: readonly WrittenWorkload[]): Problem[] {
  const taken = new Map<string, string>();
  return workloads.flatMap(({ name, workload, choices, where }) =>
    (choices.route?.hostnames ?? []).flatMap((host, index) => {
      const other = taken.get(host);
      taken.set(host, other ?? `${name}/${workload}`);
      if (other === undefined) return [];
      return [
        {
          code: "settings/host-taken",
          where: `${where}.route.hostnames[${String(index)}]`,
          what: `\`${host}\` leads to \`${other}\` already`,
          expected: "each host name once: of two routes to it the older one would win",
        },
      ];
    }),
  );
}

function unknownEnvironment({ policies }: Settings, { tenant, where }: Written): Problem[] {
  const { environment } = tenant;
  const { environments } = policies.environmentIsolation;
  if (environment === undefined || !policies.bundles.includes("environment-isolation")) return [];
  if (environments.includes(environment)) return [];
  const close = nearest(environment, environments);
  return [
    {
      code: "settings/unknown-environment",
      where: `${where}.environment`,
      what: `no environment that the bundle \`environment-isolation\` keeps apart, got \`${environment}\``,
      expected: orList(environments),
      fix:
        close === undefined
          ? "add it to policies.environmentIsolation.environments"
          : `did you mean \`${close}\`? Else add it to policies.environmentIsolation.environments`,
    },
  ];
}

function tooSmallQuota({ tenant: { quota }, where }: Written): Problem[] {
  const pairs = [
    ["containerCpu", "cpu"],
    ["containerMemory", "memory"],
  ] as const;
  return pairs
    .filter(([each, all]) => thousandths(quota[each]) > thousandths(quota[all]))
    .map(([each, all]) => ({
      code: "settings/quota-too-small",
      where: `${where}.quota.${all}`,
      what: `not one container fits that says nothing of its own, got \`${quota[all]}\``,
      expected: `at least the \`${quota[each]}\` of ${each}`,
    }));
}

/** Entra knows a group by its object id alone; a user has a name as well. */
function withoutObjectId({ tenant: { administrators }, where }: Written): Problem[] {
  return administrators.groups.flatMap((group, index) =>
    isObjectId(group)
      ? []
      : [
          {
            code: "settings/wrong-format",
            where: `${where}.administrators.groups[${String(index)}]`,
            what: `no group of Entra, got \`${group}\``,
            expected: objectIdExpected,
          },
        ],
  );
}

function uselessNames({ name, tenant, where }: Written): Problem[] {
  return tenant.externalNames.flatMap((entry, index) => {
    const here = `${where}.externalNames[${String(index)}]`;
    const empty = (["names", "ports", "workloads"] as const).filter((key) => entry[key].length === 0);
    return [
      ...empty.map((key) => ({
        code: "settings/opens-nothing",
        where: `${here}.${key}`,
        what: "is empty, so the entry opens nothing",
        expected: "at least one",
      })),
      ...entry.workloads.flatMap((workload, position) =>
        tenant.workloads[workload] === undefined
          ? [unknownWorkload(`${here}.workloads[${String(position)}]`, workload, name, tenant)]
          : [],
      ),
    ];
  });
}

function malformedPromises({ tenant, where }: Written): readonly Problem[] {
  return readPromises(tenant.promises, (index) => `${where}.promises[${String(index)}]`).problems;
}

/** A policy binds every pod that has its labels, whatever labels the pod has besides. */
function samePods(written: Written): Problem[] {
  const homes = workloadsOf(written).map(({ workload, where }) => ({
    workload,
    where,
    ...homeOf(written.name, written.tenant, workload),
  }));
  return homes.flatMap((one, index) =>
    homes
      .filter((other, position) => {
        if (other === one || other.namespace !== one.namespace) return false;
        const binds = Object.entries(one.labels).every(([key, value]) => other.labels[key] === value);
        const same = binds && Object.keys(one.labels).length === Object.keys(other.labels).length;
        return binds && (!same || position < index);
      })
      .map((other) => ({
        code: "settings/same-pods",
        where: `${one.where}.labels`,
        what: `select the pods of \`${other.workload}\` as well, so what opens one opens the other`,
        expected: "labels that no other workload of the namespace has all of",
      })),
  );
}

function withoutArgoCd({ where }: Written): Problem {
  return {
    code: "settings/project-without-argocd",
    where: `${where}.repositories`,
    what: "names repositories, but the stack has no Argo CD to read them",
    expected: "`argocd.enabled: true`, or no repositories",
  };
}

function takenName({ tenant, workload, where }: WrittenWorkload): Problem[] {
  const peers = Object.keys(tenant.workloads).map((name) => peerName({ name }));
  const taken = [...exampleNames, ...peers].find((name) => name === workload);
  if (taken === undefined) return [];
  return [
    {
      code: "settings/name-taken",
      where,
      what: "is what the proof calls a pod that stands for others",
      expected: `another name than \`${taken}\``,
    },
  ];
}

function foreignNamespace({ name, tenant, choices: { namespace }, where }: WrittenWorkload): Problem[] {
  const own = namespacesOf(name, tenant);
  if (namespace === undefined || own.includes(namespace)) return [];
  return [
    {
      code: "settings/foreign-namespace",
      where: `${where}.namespace`,
      what: `is none of the tenant's namespaces, got \`${namespace}\``,
      expected: orList(own),
    },
  ];
}

function portlessCalls({ choices: { callers, ports }, where }: WrittenWorkload): Problem[] {
  if (callers.length === 0 || ports.length > 0) return [];
  return [
    {
      code: "settings/opens-nothing",
      where: `${where}.callers`,
      what: "has callers, but no port that they could call",
      expected: "`ports` of its containers",
    },
  ];
}

function impossibleCallers({ name, tenant, choices, where }: WrittenWorkload, tenants: Tenants): Problem[] {
  return choices.callers.flatMap((caller, index): Problem[] => {
    const called = workloadCalled(caller, name);
    const owner = tenants[called.tenant];
    const here = `${where}.callers[${String(index)}]`;
    if (owner === undefined) {
      const close = nearest(called.tenant, Object.keys(tenants));
      return [
        {
          code: "settings/unknown-tenant",
          where: here,
          what: `no tenant of the stack, got \`${called.tenant}\` in \`${caller}\``,
          expected: orList(Object.keys(tenants)),
          ...(close === undefined ? {} : { fix: `did you mean \`${close}/${called.workload}\`?` }),
        },
      ];
    }
    if (owner.workloads[called.workload] === undefined) {
      return [unknownWorkload(here, called.workload, called.tenant, owner)];
    }
    if (owner.environment === tenant.environment || owner.environment === undefined) return [];
    if (tenant.environment === undefined) return [];
    return [
      {
        code: "settings/other-environment",
        where: here,
        what: `\`${caller}\` is in \`${owner.environment}\`, \`${name}\` in \`${tenant.environment}\``,
        expected: "callers of the same environment: environments never meet",
      },
    ];
  });
}

function unknownWorkload(where: string, workload: string, tenant: string, { workloads }: TenantSettings): Problem {
  const known = Object.keys(workloads);
  const close = nearest(workload, known);
  return {
    code: "settings/unknown-workload",
    where,
    what: `no workload of \`${tenant}\`, got \`${workload}\``,
    expected: known.length === 0 ? `a workload under tenants.${tenant}.workloads` : orList(known),
    ...(close === undefined ? {} : { fix: `did you mean \`${close}\`?` }),
  };
}

function impossibleRoute({ choices, where }: WrittenWorkload, { gateway: { enabled } }: Settings): Problem[] {
  const { route, ports } = choices;
  if (route === undefined) return [];
  const here = `${where}.route`;
  const target = targetPortOf(choices);
  return [
    ...(enabled
      ? []
      : [
          {
            code: "settings/route-without-gateway",
            where: here,
            what: "leads nowhere, because the stack has no gateway",
            expected: "`gateway.enabled: true`, or no route",
          },
        ]),
    ...(route.hostnames.length > 0
      ? []
      : [
          {
            code: "settings/route-without-host",
            where: `${here}.hostnames`,
            what: "names no host, so the route would take the hosts of everybody",
            expected: "at least one host name",
          },
        ]),
    ...(target === undefined
      ? [
          {
            code: "settings/route-without-port",
            where: `${here}.targetPort`,
            what: `is missing, and the workload has ${String(ports.length)} ports`,
            expected: "the port of the container that the Service leads to",
          },
        ]
      : []),
    ...(target === undefined || ports.includes(target)
      ? []
      : [
          {
            code: "settings/route-without-port",
            where: `${here}.targetPort`,
            what: `is none of the workload's ports, got \`${String(target)}\``,
            expected: ports.length === 0 ? "`ports` of its containers" : orList(ports.map(String)),
          },
        ]),
  ];
}
