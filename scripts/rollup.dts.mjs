// Bundles the public types: index.d.ts and register.d.ts.

import dts from 'rollup-plugin-dts';

const bundle = (input, file) => ({
  input,
  output: { file, format: 'es', banner: `// GENERATED from ${input} by \`npm run build:types\`: do not edit.` },
  external: [/^node:/],
  plugins: [dts({ tsconfig: 'tsconfig.json' })],
});

export default [bundle('scripts/public-types.ts', 'index.d.ts'), bundle('scripts/register-types.ts', 'register.d.ts')];
