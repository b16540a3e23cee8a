/** Every npm script ends here, on the project's own Node: one verb, one module, loaded when it is asked for. */
import { basename } from "node:path";

import { UserError } from "../policies/problems.ts";
import { ephemeralMark } from "./ephemeral/record.ts";

const [verb = "", ...args] = process.argv.slice(2);

// For the command of an ephemeral run its stack is one like any other; the files of it lie in a folder of their own.
const ephemeralFolder = process.env[ephemeralMark];
if (ephemeralFolder !== undefined && verb !== "ephemeral" && args.includes(basename(ephemeralFolder))) {
  process.chdir(ephemeralFolder);
}

async function dispatch(): Promise<number> {
  switch (verb) {
    case "up":
    case "preview":
    case "refresh":
    case "down":
    case "recover":
      return await (await import("./stack.ts")).stackCommand(verb, args);
    case "pulumi":
      return await (await import("./stack.ts")).pulumiCommand(args);
    case "ephemeral":
      return await (await import("./ephemeral.ts")).ephemeral(args);
    case "observe":
      return await (await import("./observe.ts")).observe(args);
    case "doctor":
      return await (await import("./doctor.ts")).doctor(args);
    case "probe":
      return await (await import("./probe.ts")).probe(args);
    case "drops":
      return await (await import("./drops.ts")).drops(args);
    case "backup":
      return await (await import("./backup.ts")).backup(args);
    case "restore":
      return await (await import("./restore.ts")).restore(args);
    case "setup":
      return await (await import("./setup.ts")).setup(args);
    case "engine":
      return await (await import("./engine.ts")).engine(args);
    case "images":
      return await (await import("./images.ts")).images(args);
    case "inventory":
      return await (await import("./inventory.ts")).inventory(args);
    case "export":
      return await (await import("./export.ts")).exportStack(args);
    case "pr-comment":
      return await (await import("./pr-comment.ts")).prComment(args);
    case "scaffold":
      return await (await import("./scaffold.ts")).scaffoldService(args);
    case "test":
      return await (await import("./checks.ts")).test(args);
    case "test:e2e":
      return await (await import("./checks.ts")).testEndToEnd(args);
    case "test:live":
      return await (await import("./checks.ts")).testLive(args);
    case "test:oracle":
      return await (await import("../test/oracle/run.ts")).testOracle(args);
    case "golden":
      return await (await import("./golden.ts")).golden();
    case "types":
      return await (await import("./types.ts")).types();
    case "docs":
      return await (await import("./docs.ts")).docs();
    case "format":
      return await (await import("./checks.ts")).format();
    case "bench":
      return await (await import("../test/bench/bench.ts")).bench(args);
    case "bench:reach":
      return await (await import("../test/bench/reach/bench.ts")).benchReach(args);
    default:
      throw new UserError(`unknown verb \`${verb}\`; npm run lists them`);
  }
}

try {
  process.exitCode = await dispatch();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
