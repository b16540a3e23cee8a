/** Version: the package's own. */
import manifest from "../package.json" with { type: "json" };

export const { version } = manifest;
