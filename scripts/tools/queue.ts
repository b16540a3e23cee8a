/** runQueue: so many jobs at a time, each announced when it begins and when it ends; one failure does not stop the rest. */
import { ProblemsError, type Problem } from "../../policies/problems.ts";
import { elapsed, type Log } from "./progress.ts";

export interface Job {
  /** What a person reads, for example `etcd 3.6.16`. */
  readonly title: string;
  readonly work: () => Promise<void>;
}

/** Run the jobs in their order; returns every problem. An error that is no problem of the user's is thrown at once. */
export async function runQueue(jobs: readonly Job[], atATime: number, log: Log): Promise<Problem[]> {
  const waiting = [...jobs];
  const problems: Problem[] = [];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const start = performance.now();
      const took = (): string => elapsed((performance.now() - start) / 1000);
      log(`${job.title}: started`);
      try {
        await job.work();
        log(`${job.title}: done in ${took()}`);
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        problems.push(...error.problems);
        log(`${job.title}: failed after ${took()}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return problems;
}
