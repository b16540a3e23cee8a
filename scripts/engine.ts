/** `npm run engine -- start|stop|status`: the container engine of our own, for machines that have none. */
import { UserError } from "../policies/problems.ts";
import { engineStatus, startEngine, stopEngine } from "./kind-images/engine.ts";

export async function engine(args: readonly string[]): Promise<number> {
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const [word = "status", ...more] = args;
  if (more.length > 0) throw new UserError(`engine: got \`${args.join(" ")}\`\n  expected start, stop or status`);
  switch (word) {
    case "start": {
      const started = await startEngine(log);
      if (started.kind === "given") log("engine: one answers already, none is started");
      else process.stdout.write(`export DOCKER_HOST=${started.host}\n`);
      return 0;
    }
    case "stop": {
      for (const line of await stopEngine(log)) log(`not taken back: ${line}`);
      return 0;
    }
    case "status": {
      const { running, host, folder, containers, recorded } = await engineStatus();
      process.stdout.write(
        [
          `running: ${running}`,
          `DOCKER_HOST: ${host}`,
          `folder: ${folder}`,
          `containers: ${containers.length === 0 ? "none" : containers.join(", ")}`,
          `changes of the machine to take back: ${recorded}`,
          "",
        ].join("\n"),
      );
      return 0;
    }
    default:
      throw new UserError(`engine: got \`${word}\`\n  expected start, stop or status`);
  }
}
