import tseslint from "typescript-eslint";

/** Imports that only certain files may make; each has an input in test/fixtures/lint that must fail. */
const oneDoorToHelm = {
  selector: "NewExpression[callee.property.name='Release']",
  message: "components/chart.ts is the only door to a Helm release: use installChart()",
};
const oneReaderOfConfig = {
  selector: "NewExpression[callee.property.name='Config']",
  message: "components/settings-reader.ts is the only reader of Pulumi config",
};

const azureRoot = {
  name: "@pulumi/azure-native",
  message: "the root import costs hundreds of megabytes: import a submodule",
};
const azure = {
  group: ["@pulumi/azure-native/*"],
  message: "only components/cluster/aks.ts knows Azure, so that no other stack loads it",
};

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
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-syntax": ["error", oneDoorToHelm, oneReaderOfConfig],
      "no-restricted-imports": ["error", { paths: [azureRoot], patterns: [azure] }],
    },
  },
  { files: ["components/chart.ts"], rules: { "no-restricted-syntax": ["error", oneReaderOfConfig] } },
  { files: ["components/settings-reader.ts"], rules: { "no-restricted-syntax": ["error", oneDoorToHelm] } },
  {
    files: ["components/cluster/aks.ts", "components/cluster/aks-*.ts"],
    rules: { "no-restricted-imports": ["error", { paths: [azureRoot] }] },
  },
  {
    // The policies say what is true or false without a cluster: nothing of Pulumi, nothing of the components.
    files: ["policies/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["@pulumi/*", "**/components/**"], message: "policies know neither Pulumi nor components" },
          ],
        },
      ],
    },
  },
  {
    // mocha's describe and it take functions whose promises mocha awaits.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off", "no-restricted-syntax": "off" },
  },
);
