/** Which machine the tools are for: the two operating systems and two processors that every upstream publishes for. */
import { ProblemsError } from "../../policies/problems.ts";

/** In the words of Go, which are also those of most download sites. */
export interface Platform {
  readonly os: "linux" | "darwin";
  readonly arch: "amd64" | "arm64";
}

/** The platform in Go's words from Node's; refuses one for which no tool is published. */
export function platformOf(os: string, arch: string): Platform {
  const goArch = arch === "x64" ? "amd64" : arch;
  if ((os === "linux" || os === "darwin") && (goArch === "amd64" || goArch === "arm64")) return { os, arch: goArch };
  throw new ProblemsError([
    {
      code: "tools/platform",
      where: "this machine",
      what: `no tools for this kind of machine, got \`${os}/${arch}\``,
      expected: "linux or darwin (macOS) on x64 or arm64",
      fix: "on Windows run everything inside WSL",
    },
  ]);
}
