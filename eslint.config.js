import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', '.gyra/', 'node_modules/', 'runs/', 'release/', 'assets/', 'test-results/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['scripts/**', 'engine/host/**', 'test/**', 'electron/**'], rules: { 'no-console': 'off' } },
);
