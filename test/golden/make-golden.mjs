/** @file Copies the tensors named below out of ../shared/fixtures, byte for byte. Run: node test/golden/make-golden.mjs */
import { readFileSync, writeFileSync } from 'node:fs';

const fixtures = new URL('../../../shared/fixtures/', import.meta.url);
const files = {
  spherical_harmonics: /^random\/(points|component|norm)$|^lattice\/(points|component)$/,
  wigner: /^w3j\/|^D\//,
  radial_basis: /^soft_unit_step\/|^smooth_finite_r(2\.5_n5|1\.75_n3)_/,
  voxel_convolution: /^(hidden_cutoff|no_common_irrep|lmax3_parity|steps_09_09_3|steps_112_cutoff|diameter_4_cutoff_left|voxel_size3)\/(input|output|grad_|state\/(sc\.)?weight)/,
  unet_physical: /^(so3_default|so3_average_batch_anisotropic|o3_average_vector_output_lmax1_no_norm)\/(input|output|grad_(in|out)put|grad\/.*|extra[01]\/.*|state\/(bias|.*(conv\d|sc|out|batchnorm\d)\.(weight|bias|running_mean|running_var)))$/,
  unet_checkpoint_io: /^wrapped\/(input|output)$/,
  equivariant_ops: /^(batchnorm_instance|batchnorm_batch_(train|eval)|gate_so3|gate_o3_physical|dropout_train|pool_max_2|pool_average_2|lowpass_(down|up)_2|upsample_222|upsample_from_1|linear_so3|linear_skip_concat)\//,
};

for (const [name, wanted] of Object.entries(files)) {
  const bytes = readFileSync(new URL(`${name}.safetensors`, fixtures));
  const headLength = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.subarray(8, 8 + headLength).toString());
  const spec = JSON.parse(metadata.spec);
  const kept = Object.entries(entries).filter(([key]) => wanted.test(key));
  const cases = new Set(kept.map(([key]) => key.slice(0, key.indexOf('/'))));
  let length = 0;
  const header = { __metadata__: { spec: JSON.stringify({ cases: Object.fromEntries(Object.entries(spec.cases).filter(([key]) => cases.has(key))) }) } };
  const blocks = kept.map(([key, { dtype, shape, data_offsets: [start, end] }]) => {
    header[key] = { dtype, shape, data_offsets: [length, (length += end - start)] };
    return bytes.subarray(8 + headLength + start, 8 + headLength + end);
  });
  const head = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  writeFileSync(new URL(`${name}.safetensors`, import.meta.url), Buffer.concat([size, head, ...blocks]));
}
