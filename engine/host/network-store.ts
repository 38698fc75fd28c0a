/** @file Shipped networks the worker has loaded; each is read once. */
import { GyraError } from '../contract/problem';
import { loadNetwork, type LoadedNetwork } from '../training/weights-file';
import { modelFolder, shippedModels } from './shipped-library';

/** @param assetsFolder holds models/ @returns the network of a model id; rejects with a GyraError `not-found` for one that does not ship */
export function createNetworkStore(assetsFolder: string): (modelId: string) => Promise<LoadedNetwork> {
  const networks = new Map<string, LoadedNetwork>();
  return async (modelId) => {
    const loaded = networks.get(modelId);
    if (loaded) return loaded;
    // Looked up by name, never joined to a path unseen.
    const isShipped = (await shippedModels(assetsFolder)).some(({ id }) => id === modelId);
    if (!isShipped) throw new GyraError('not-found', `There is no model ${modelId}.`, 'Choose one of the models in the list.');
    const network = await loadNetwork(modelFolder(assetsFolder, modelId));
    networks.set(modelId, network);
    return network;
  };
}
