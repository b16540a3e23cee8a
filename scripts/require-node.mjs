// Refuses a Node that cannot run the program's TypeScript, in words, before Node does so in its own.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `cilium-platform needs Node 22.18 or newer to run its TypeScript, and this is ${process.version}.\n` +
      "  fix: install Node 24, or use the npm scripts (npm run preview), which bring their own\n",
  );
  process.exit(1);
}
