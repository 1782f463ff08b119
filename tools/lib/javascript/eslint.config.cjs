// The rules that the pages' scripts keep; ./tools/test runs them.
const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
  { ignores: ["**/*.min.js"] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: { ...globals.browser, uPlot: "readonly" },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 15],
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", { max: 400, skipComments: true }],
      "no-shadow": "error",
      "no-use-before-define": ["error", { functions: false, classes: true, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "one-var": ["error", { initialized: "never", uninitialized: "consecutive" }],
      "prefer-const": "error",
      "prefer-template": "error",
      strict: "error",
    },
  },
  // A worker is no module: not every browser that keeps pages takes one that is.
  { files: ["**/worker.js"], languageOptions: { sourceType: "script" }, rules: { strict: ["error", "global"] } },
];
