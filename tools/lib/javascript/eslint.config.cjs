// The rules that the pages' scripts keep; ./tools/test runs them.
const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
  { ignores: ["**/*.min.js"] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "script",
      globals: { ...globals.browser, uPlot: "readonly" },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 15],
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", { max: 400, skipComments: true }],
      "no-implicit-globals": "error",
      "no-shadow": "error",
      "no-use-before-define": ["error", { functions: false, classes: true, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "one-var": ["error", { initialized: "never", uninitialized: "consecutive" }],
      "prefer-const": "error",
      "prefer-template": "error",
      strict: ["error", "global"],
    },
  },
  {
    files: ["**/history.js", "**/minutes.js"],
    languageOptions: { sourceType: "module" },
  },
];
