import tseslint from "typescript-eslint";

/** Each of these has an input in test/fixtures/lint that must fail. */
const oneDoorToHelm = {
  selector: "NewExpression:matches([callee.property.name=/^(Release|Chart)$/], [callee.name=/^(Release|Chart)$/])",
  message: "components/chart.ts is the only door to a Helm release: use installChart()",
};
const oneReaderOfConfig = {
  selector: "NewExpression:matches([callee.property.name='Config'], [callee.name='Config'])",
  message: "components/settings-reader.ts is the only reader of Pulumi config",
};
const noAzureBehindTheBack = {
  selector: "ImportExpression[source.value=/^@pulumi.(azure-native|docker)/]",
  message: "import it at the top of a file that is itself imported on its own stacks only",
};

const azureRoot = {
  regex: "^@pulumi/azure-native(/index\\.js)?$",
  message: "the root import costs hundreds of megabytes: import a submodule",
};
const azure = {
  regex: "^@pulumi/azure-native/(?!index\\.js$)",
  message: "only components/cluster/aks.ts knows Azure, so that no other stack loads it",
};
const docker = {
  regex: "^@pulumi/docker(/|$)",
  message: "only components/cluster/pull-through-caches.ts knows Docker's provider, so that no other stack loads it",
};
const backwards = {
  group: ["**/test/**", "**/index.ts"],
  message: "imports point one way: index, components, policies",
};
const withoutCluster = {
  group: ["@pulumi/*", "**/components/**", "**/scripts/**"],
  message: "policies know neither Pulumi nor components",
};

const ownCommand = {
  group: ["@pulumi/*", "**/components/**", "**/scripts/**", "**/test/**"],
  message: "reach starts without Pulumi: of the project it knows the policies only",
};

/** A later block replaces a rule as a whole, so each says all it forbids. */
const syntax = (...forbidden) => ({ "no-restricted-syntax": ["error", ...forbidden] });
const imports = (...forbidden) => ({ "no-restricted-imports": ["error", { patterns: forbidden }] });

export default tseslint.config(
  { ignores: ["node_modules/", ".platform/", "test/fixtures/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/strict-boolean-expressions": "error",
      "@typescript-eslint/no-floating-promises": "error",
      // Taking a key out of an object by naming it is the plain way to leave it behind.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      ...syntax(oneDoorToHelm, oneReaderOfConfig, noAzureBehindTheBack),
      ...imports(azureRoot, azure, docker),
    },
  },
  { files: ["components/**/*.ts"], rules: imports(azureRoot, azure, docker, backwards) },
  { files: ["components/chart.ts"], rules: syntax(oneReaderOfConfig, noAzureBehindTheBack) },
  { files: ["components/settings-reader.ts"], rules: syntax(oneDoorToHelm, noAzureBehindTheBack) },
  {
    files: ["components/cluster/aks.ts", "components/cluster/aks-*.ts"],
    rules: imports(azureRoot, docker, backwards),
  },
  { files: ["components/cluster/pull-through-caches.ts"], rules: imports(azureRoot, azure, backwards) },
  {
    // The policies say what is true or false without a cluster.
    files: ["policies/**/*.ts"],
    rules: imports(withoutCluster, backwards),
  },
  { files: ["reach/**/*.ts"], rules: imports(ownCommand) },
  {
    // mocha's describe and it take functions whose promises mocha awaits.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off", "no-restricted-syntax": "off" },
  },
);
