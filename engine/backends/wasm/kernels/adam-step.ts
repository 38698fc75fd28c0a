/** @file One step of Adam in place (Kingma and Ba 2015), elementwise, as torch.optim.Adam computes it. */
import { loadV128 } from '../assembler';
import { elementsPerItem, itemsFor, type KernelFactory } from './kernel';

export const adamStep: KernelFactory<'AdamStep'> = (backend) => {
  const { step } = backend.machine.load((m) => ({
    step: m.kernel(
      'step',
      { value: 'i32', gradient: 'i32', mean: 'i32', square: 'i32', size: 'i32', keepMean: 'f32', addMean: 'f32', keepSquare: 'f32', addSquare: 'f32', stepSize: 'f32', rootCorrection: 'f32', epsilon: 'f32' },
      (f, p, item) => {
        const first = f.i32(item.mul(elementsPerItem));
        const [value, gradient, mean, square] = [p.value, p.gradient, p.mean, p.square].map((pointer) => f.i32(pointer.add(first.shl(2))));
        const [keepMean, addMean, keepSquare, addSquare, stepSize, rootCorrection, epsilon] = [p.keepMean, p.addMean, p.keepSquare, p.addSquare, p.stepSize, p.rootCorrection, p.epsilon].map((field) => f.v128(field.splat()));
        const [g, newMean, newSquare] = [f.v128(), f.v128(), f.v128()];
        f.times(p.size.sub(first).min(elementsPerItem).add(3).shr(2), () => {
          f.set(g, loadV128(gradient));
          f.set(newMean, keepMean.mul(loadV128(mean)).add(addMean.mul(g)));
          f.set(newSquare, keepSquare.mul(loadV128(square)).add(addSquare.mul(g.mul(g))));
          f.store(mean, newMean);
          f.store(square, newSquare);
          f.store(value, loadV128(value).sub(stepSize.mul(newMean).div(newSquare.sqrt().div(rootCorrection).add(epsilon))));
          for (const pointer of [value, gradient, mean, square]) f.advance(pointer, 16);
        });
      },
    ),
  }));
  return {
    AdamStep: ({ value, gradient, mean, square }, { learningRate, beta1, beta2, epsilon, step: steps }) => {
      step(
        {
          value: value.pointer,
          gradient: gradient.pointer,
          mean: mean.pointer,
          square: square.pointer,
          size: value.size,
          keepMean: beta1,
          addMean: 1 - beta1,
          keepSquare: beta2,
          addSquare: 1 - beta2,
          stepSize: learningRate / (1 - beta1 ** steps),
          rootCorrection: Math.sqrt(1 - beta2 ** steps),
          epsilon,
        },
        itemsFor(value.size),
      );
      return [];
    },
  };
};
