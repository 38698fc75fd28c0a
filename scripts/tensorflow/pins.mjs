/** @file What `setup:tensorflow` and `setup:gpu` fetch, by version and SHA-256. The wheels are pinned in requirements-cpu.txt and requirements-gpu.txt. */

/** From the npm registry: the addon's sources and its kernels in JavaScript, and the headers of Node's interface for addons. */
export const npmPackages = {
  cpu: { name: '@tensorflow/tfjs-node', version: '4.22.0', sha256: 'd38a448a705efc6e655a080f896b3af646ae39dffbfe9c90b06cb9fc3a2b9358' },
  gpu: { name: '@tensorflow/tfjs-node-gpu', version: '4.22.0', sha256: 'afd5599ee1662e732c00a0ad1f52a3d001bdc118a1f44bd592a0a0ebf2daa4c7' },
  headers: { name: 'node-api-headers', version: '1.9.0', sha256: '6cbfac49542194ae2c8f1dee5fa2dc00d66bec9cbf3b59e3a4e5f16d14eb0d19' },
};

/** The library that tfjs-node 4.22 itself downloads (its scripts/deps-constants.js), with CUDA 11 for -gpu. The hashes are those nixpkgs and graft pin. */
export const published = {
  version: '2.9.1',
  cpu: { file: 'libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz', sha256: '7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173' },
  gpu: { file: 'libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz', sha256: '20c46f761d5905f592c4eac0812e8e50d9cb439f9440a9391912cf4c02ed8be8' },
};

/** The tags of the pinned wheels. */
export const wheelTags = ['--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.12', '--abi', 'cp312', '--abi', 'none', ...['manylinux_2_27', 'manylinux2014', 'manylinux_2_17', 'manylinux2010', 'manylinux_2_12'].flatMap((tag) => ['--platform', `${tag}_x86_64`])];
