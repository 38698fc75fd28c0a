/** @file NiiVue behind one adapter: the upright volume, surfaces and a cut are uploaded once; turning the head only changes matrices. Facts it rests on: shared/facts/niivue.md. */
import { NVImage, NVMesh, Niivue, SLICE_TYPE } from '@niivue/niivue';
import type { RotationMatrix, Shape } from '../../engine/contract/engine-api';
import { inverseRotation, rotateVector, type Vector3 } from '../../engine/math/rotation';
import { cameraAzimuthDegrees, cameraElevationDegrees, towardsViewer, zoom } from './camera';
import type { Rgb } from '../ui/tokens';
import { centreOf, resliceImage, type Box } from './reslice';
import type { Surface } from './surface';

export interface SceneVolume {
  readonly image: Float32Array;
  readonly shape: Shape;
  /** Axis codes such as RAS. */
  readonly orientation: string;
  /** The part that is drawn: the case without its fill. */
  readonly box: Box;
  readonly window: readonly [low: number, high: number];
}
export interface SceneSurface {
  /** In voxels of the upright canvas. */
  readonly surface: Surface;
  readonly colour: Rgb;
  readonly opacity: number;
}
export interface Scene {
  readonly volume: SceneVolume;
  readonly surfaces: readonly SceneSurface[];
  readonly rotation: RotationMatrix;
  /** The volume is cut open towards the viewer at this distance (voxels, towards the viewer) from the centre. */
  readonly cutDepth: number;
}

type Matrix4 = Float32Array;

/** NiiVue's own grey scale is the clearer the darker; a cut through tissue is solid. */
const opaqueGrey = 'opaque grey';
const refinedBelowVoxels = 96;

/** NiiVue turns only about its own two angles; the head's rotation goes in front of them. */
class TurningNiivue extends Niivue {
  turned: Matrix4 = matrix4([1, 0, 0, 0, 1, 0, 0, 0, 1]);

  override calculateMvpMatrix(unused: unknown, leftTopWidthHeight: number[], azimuth: number, elevation: number) {
    const [mvp, model] = super.calculateMvpMatrix(unused, leftTopWidthHeight, azimuth, elevation) as Matrix4[];
    const turnedModel = multiply(model, this.turned);
    // The model matrix turns, mirrors and shifts: for normals it is its own inverse transposed once the shift is taken out.
    const normal = turnedModel.slice();
    normal.fill(0, 12, 15);
    return [multiply(mvp, this.turned), turnedModel, normal];
  }
}

/** Pixels drawn to a CSS pixel while the head moves, where the processor draws them. */
const coarseRatio = 0.4;
const sharpenAfterMs = 400;

let isSoftware: boolean | undefined;
/** Whether WebGL runs on the processor. */
function rendersInSoftware(): boolean {
  if (isSoftware === undefined) {
    const gl = document.createElement('canvas').getContext('webgl2');
    const names = gl?.getExtension('WEBGL_debug_renderer_info');
    isSoftware = names !== null && names !== undefined && /swiftshader|llvmpipe|software|basic render/i.test(String(gl!.getParameter(names.UNMASKED_RENDERER_WEBGL)));
    gl?.getExtension('WEBGL_lose_context')?.loseContext();
  }
  return isSoftware;
}

/** Scenes alive in the window: a picture can only be read in the tick it was drawn in. */
const alive = new Set<VolumeScene>();
export const redrawScenes = (): void => {
  for (const scene of alive) scene.draw();
};

export class VolumeScene {
  private readonly niivue = new TurningNiivue({
    interactive: false,
    isResizeCanvas: false,
    dragAndDropEnabled: false,
    loadingText: '',
    backColor: [10 / 255, 12 / 255, 15 / 255, 1],
    show3Dcrosshair: false,
    isOrientCube: false,
    isColorbar: false,
    logLevel: 'error',
    sliceType: SLICE_TYPE.RENDER,
    clipPlaneColor: [0, 0, 0, 0],
    meshXRay: 0,
  });
  private scene: Scene | null = null;
  private meshes = new Map<SceneSurface, NVMesh>();
  private frame = 0;
  private sharpening: ReturnType<typeof setTimeout> | undefined;
  private isDisposed = false;
  private uploads: Promise<void> = Promise.resolve();

  /** Puts a canvas into `container`; resolves once it can draw, or to null when it was disposed meanwhile. */
  static async in(container: HTMLElement): Promise<VolumeScene> {
    const scene = new VolumeScene(container);
    await scene.niivue.attachToCanvas(scene.canvas, !rendersInSoftware());
    scene.niivue.addColormap(opaqueGrey, { R: [0, 255], G: [0, 255], B: [0, 255], A: [255, 255], I: [0, 255] });
    return scene;
  }

  private readonly canvas = document.createElement('canvas');

  private constructor(private readonly container: HTMLElement) {
    container.append(this.canvas);
    alive.add(this);
  }

  /** Shows a scene; only what is another object than before is uploaded. */
  show(scene: Scene): void {
    const before = this.scene;
    this.scene = scene;
    if (before?.volume !== scene.volume) this.uploads = this.uploads.then(() => this.uploadVolume(scene.volume));
    this.requestDraw();
  }

  /** In the next frame; without a graphics card coarse while it moves, and sharp once it rests. */
  requestDraw(): void {
    clearTimeout(this.sharpening);
    const isCoarse = rendersInSoftware();
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.drawAt(isCoarse ? coarseRatio : window.devicePixelRatio);
      if (isCoarse) this.sharpening = setTimeout(() => this.drawAt(window.devicePixelRatio), sharpenAfterMs);
    });
  }

  private drawAt(pixelRatio: number): void {
    const { clientWidth, clientHeight } = this.container;
    const [width, height] = [Math.max(1, Math.round(clientWidth * pixelRatio)), Math.max(1, Math.round(clientHeight * pixelRatio))];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.draw();
  }

  draw(): void {
    const { scene, niivue } = this;
    if (!scene || this.isDisposed || niivue.volumes.length === 0) return;
    this.uploadSurfaces(scene.surfaces);
    niivue.turned = matrix4(scene.rotation);
    // Rays are turned by what NiiVue takes for the obliqueness of the file.
    niivue.volumes[0].obliqueRAS = niivue.turned;
    niivue.scene.clipPlaneDepthAziElevs = [cutPlane(scene)];
    niivue.drawScene();
  }

  dispose(): void {
    this.isDisposed = true;
    alive.delete(this);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.sharpening);
    this.niivue.cleanup();
    this.niivue.gl?.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.remove();
  }

  private async uploadVolume(volume: SceneVolume): Promise<void> {
    if (this.isDisposed || this.scene?.volume !== volume) return;
    const { niivue } = this;
    const image = await NVImage.loadFromUrl({ url: displayNifti(volume).buffer as ArrayBuffer, name: 'case.nii', colormap: opaqueGrey, cal_min: 0, cal_max: 255 });
    if (this.isDisposed || this.scene?.volume !== volume) return;
    for (const old of [...niivue.volumes]) niivue.removeVolume(old);
    niivue.addVolume(image);
    niivue.setRenderAzimuthElevation(cameraAzimuthDegrees, cameraElevationDegrees);
    niivue.setScale(zoom);
    this.requestDraw();
  }

  private uploadSurfaces(surfaces: readonly SceneSurface[]): void {
    const { niivue } = this;
    const { gl } = niivue;
    const kept = new Map<SceneSurface, NVMesh>();
    const centre = centreOf(this.scene!.volume.shape);
    for (const item of surfaces) {
      if (item.surface.triangles.length === 0) continue;
      kept.set(item, this.meshes.get(item) ?? new NVMesh(item.surface.vertices.map((v, i) => v - centre[i % 3]), item.surface.triangles, '', new Uint8Array([...item.colour, 255]), item.opacity, true, gl));
    }
    for (const [item, mesh] of this.meshes) if (!kept.has(item)) mesh.unloadMesh(gl);
    this.meshes = kept;
    niivue.meshes = [...kept.values()];
  }
}

/** The case's own voxels as 8-bit NIfTI with the centre of the canvas at 0 mm; one voxel is 1 mm, as the engine turns voxels. */
function displayNifti({ image, shape, box, window }: SceneVolume): Uint8Array {
  const { low, high } = box;
  // NiiVue steps through the texture voxel by voxel, with jitter: a coarse one frays at the cut, so small cases are refined.
  const refinement = high.every((h, axis) => h - low[axis] < refinedBelowVoxels) ? 2 : 1;
  const size = high.map((h, axis) => (h - low[axis] + 1) * refinement);
  const step = 1 / refinement;
  /** Centre of the first fine voxel. */
  const start = low.map((l) => l - 0.5 + step / 2);
  const grey = new Float32Array(size[0] * size[1]);
  const bytes = new Uint8Array(size[0] * size[1] * size[2]);
  for (let z = 0; z < size[2]; z++) {
    resliceImage(image, shape, { width: size[0], height: size[1], origin: [start[0], start[1], start[2] + z * step], right: [step, 0, 0], down: [0, step, 0] }, box, grey);
    // Never 0, which NiiVue takes for air and looks through.
    grey.forEach((value, at) => (bytes[z * grey.length + at] = Math.max(1, Math.min(255, (255 * (value - window[0])) / (window[1] - window[0])))));
  }
  const centre = centreOf(shape);
  const affine = [0, 1, 2].flatMap((axis) => [0, 1, 2].map((column) => (column === axis ? step : 0)).concat(start[axis] - centre[axis])).concat([0, 0, 0, 1]);
  const uint8 = 2;
  return NVImage.createNiftiArray(size, [step, step, step], affine, uint8, bytes);
}

/** The cut facing the viewer as NiiVue's depth, azimuth and elevation, which live in the unit cube of the texture. */
function cutPlane({ volume: { shape, box }, rotation, cutDepth }: Scene): [depth: number, azimuth: number, elevation: number] {
  const size = box.high.map((high, axis) => high - box.low[axis] + 1);
  // What lies towards the viewer of the plane is cut away: the kept side is against the normal.
  const away = rotateVector(inverseRotation(rotation), [-towardsViewer[0], -towardsViewer[1], -towardsViewer[2]]);
  const centre = centreOf(shape);
  const offset = box.low.reduce((sum, low, axis) => sum + away[axis] * ((low + box.high[axis]) / 2 - centre[axis]), cutDepth);
  const scaled = away.map((component, axis) => component * size[axis]) as unknown as Vector3;
  const length = Math.hypot(...scaled);
  const [x, y, z] = scaled.map((component) => component / length);
  // Inverse of NiiVue's sph2cartDeg(azimuth + 180, elevation).
  const toDegrees = 180 / Math.PI;
  return [offset / length, Math.atan2(y, x) * toDegrees - 90, -Math.asin(z) * toDegrees];
}

/** Column-major, as gl-matrix has it. */
function matrix4([a, b, c, d, e, f, g, h, i]: RotationMatrix): Matrix4 {
  return Float32Array.of(a, d, g, 0, b, e, h, 0, c, f, i, 0, 0, 0, 0, 1);
}

function multiply(a: Matrix4, b: Matrix4): Matrix4 {
  const product = new Float32Array(16);
  for (let column = 0; column < 4; column++)
    for (let row = 0; row < 4; row++) for (let k = 0; k < 4; k++) product[4 * column + row] += a[4 * k + row] * b[4 * column + k];
  return product;
}
