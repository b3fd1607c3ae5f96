import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["!src/lookalike/server/static/**", "node_modules/**", ".venv*/**"] },
  js.configs.recommended,
  {
    files: ["src/lookalike/server/static/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-param-reassign": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "text is only ever set as text" },
        { property: "outerHTML", message: "text is only ever set as text" },
        { property: "insertAdjacentHTML", message: "text is only ever set as text" },
      ],
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
];
