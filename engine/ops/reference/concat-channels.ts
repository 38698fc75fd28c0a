/** @file Two tensors side by side as one, in plain loops: what operators of two tensors are defined by. */
import { zeros, type NumberArray } from './reference';

/** Channels of a, then channels of b. */
export function concatChannels(a: NumberArray, b: NumberArray): NumberArray {
  const y = zeros([...a.shape.slice(0, 4), a.shape[4] + b.shape[4]]);
  forEachElement(y.shape, a.shape[4], (source, from, to) => { y.data[to] = (source === 'a' ? a : b).data[from]; });
  return y;
}

/** The first channels, and the others. */
export function splitChannels(dy: NumberArray, channelsA: number): { da: NumberArray; db: NumberArray } {
  const [da, db] = [zeros([...dy.shape.slice(0, 4), channelsA]), zeros([...dy.shape.slice(0, 4), dy.shape[4] - channelsA])];
  forEachElement(dy.shape, channelsA, (source, from, to) => { (source === 'a' ? da : db).data[from] = dy.data[to]; });
  return { da, db };
}

/** Visits each element of the joined tensor with the tensor and element it comes from. */
function forEachElement([batch, depth, height, width, channels]: NumberArray['shape'], channelsA: number, visit: (source: 'a' | 'b', from: number, to: number) => void): void {
  for (let v = 0; v < batch * depth * height * width; v++) for (let c = 0; c < channels; c++) {
    if (c < channelsA) visit('a', v * channelsA + c, v * channels + c);
    else visit('b', v * (channels - channelsA) + c - channelsA, v * channels + c);
  }
}
