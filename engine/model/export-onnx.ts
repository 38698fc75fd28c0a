/** @file A network as an ONNX file that any runtime runs: folded, with free batch and volume sizes. */
import { pooledSizes, printSizes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import type { OperatorName } from '../ops/operators';
import { foldedGraph } from './fold';
import type { Network } from './network';
import { writeOnnx, type OnnxNode, type OnnxTensor } from './onnx-file';
import { translations, type OnnxWriter, type TranslatedInputs } from './onnx-operators';
import type { ValueId } from './operator-graph';

/** The lowest set in which Resize can align corners. */
export const onnxOperatorSet = 11;

/**
 * Input `image` and output `logits` are float32 [batch, channel, x, y, z]; sizes are multiples of what the network accepts (padding stays outside).
 * @param metadata kept in the file beside the spec
 * @throws GyraError where the network runs an operator that has no translation
 */
export function exportOnnx(network: Network, version: string, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const graph = foldedGraph(network);
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const constant = (shape: readonly number[], data: OnnxTensor['data']): string => {
    const name = `c${initializers.length}`;
    initializers.push({ name, shape, data });
    return name;
  };
  const write: OnnxWriter = {
    node: (type, inputs, attributes = {}) => {
      const output = `v${nodes.length}`;
      nodes.push({ type, inputs, outputs: [output], attributes });
      return output;
    },
    split: (input, parts) => {
      const outputs = Array.from({ length: parts }, (_, part) => `v${nodes.length}.${part}`);
      nodes.push({ type: 'Split', inputs: [input], outputs, attributes: { axis: 1 } });
      return outputs;
    },
    constant: (shape, values) => constant(shape, Float32Array.from(values)),
    indices: (values) => constant([values.length], BigInt64Array.from(values, BigInt)),
  };
  const names = new Map<ValueId, string>([[graph.image, 'image']]);
  for (const node of graph.nodes) {
    const translate = translations[node.name] as ((write: OnnxWriter, inputs: TranslatedInputs<OperatorName>, attributes: unknown) => string) | undefined;
    if (!translate) throw badInput(`This network uses ${node.name}, which ONNX export does not know.`, 'Export another architecture, or predict with gyra itself.');
    const inputs = Object.fromEntries(Object.entries(node.inputs).map(([key, id]) => [key, { name: names.get(id) ?? '', constant: graph.constants.get(id), channels: graph.channels.get(id) ?? 0 }])) as TranslatedInputs<OperatorName>;
    names.set(node.outputs[0]!, translate(write, inputs, node.attributes));
  }
  nodes.push({ type: 'Identity', inputs: [names.get(graph.logits)!], outputs: ['logits'], attributes: {} });
  const { spec } = network;
  const sizes = ['x', 'y', 'z'];
  return writeOnnx({
    operatorSet: onnxOperatorSet,
    producer: { name: 'gyra', version },
    description: `Logits of a normalised image, [batch, channel, x, y, z]; x, y and z are ${printSizes(pooledSizes(spec))}.`,
    metadata: { spec: JSON.stringify(spec), ...metadata },
    input: { name: 'image', shape: ['batch', spec.inputs, ...sizes] },
    output: { name: 'logits', shape: ['batch', spec.outputs, ...sizes] },
    nodes,
    initializers,
  });
}
