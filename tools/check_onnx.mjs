// Run an exported flow and its inverse in ONNX Runtime and compare with the target.
//
//   node check_onnx.mjs forward.onnx inverse.onnx flow.json [image.rgb width height]
//
// The three files come from verify export of the same flow. Vectors of a fixed pseudo-random sequence go forward and back. With an image
// (raw 8-bit RGB, for models exported with -image) its pixels do, squeezed as RealNVP does. Exits 0 if both agree with the target to
// the precision of the model. onnxruntime-node must be installed where Node.js finds it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { cwd } from "node:process";

const require = createRequire(cwd() + "/");
const ort = require("onnxruntime-node");

const [forwardPath, inversePath, jsonPath, imagePath, width, height] = process.argv.slice(2);

// A fraction p/q or an integer as a number, rounded once or twice.
function number(s) {
  const [p, q = "1"] = s.split("/").map(BigInt);
  if (p === 0n) return 0;
  const bits = (x) => (x < 0n ? -x : x).toString(2).length;
  const shift = BigInt(Math.max(0, 64 - bits(p) + bits(q)));
  const quotient = (p << shift) / q;
  const extra = BigInt(Math.max(0, bits(quotient) - 64));
  return Number(quotient >> extra) * 2 ** Number(extra - shift);
}

const flow = JSON.parse(readFileSync(jsonPath, "utf8"));
const n = flow.dimension;
const target = flow.target.map((row) => row.map(number));

let state = 12345;
function random() {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 31 - 1;
}

// The input, as pixels (rows) of n channels, and the shape of the tensor.
function input(image) {
  if (!image) return { pixels: Array.from({ length: 16 }, () => Array.from({ length: n }, random)), dims: [16, n] };
  const raw = readFileSync(image);
  let [w, h, c] = [Number(width), Number(height), 3];
  let at = (k, y, x) => raw[(y * Number(width) + x) * 3 + k] / 255;
  while (c < n) {
    const inner = at;
    at = (k, y, x) => inner(Math.floor(k / 4), 2 * y + (Math.floor(k / 2) % 2), 2 * x + (k % 2));
    [w, h, c] = [Math.floor(w / 2), Math.floor(h / 2), 4 * c];
  }
  const pixels = [];
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) pixels.push(Array.from({ length: n }, (_, k) => at(k, y, x)));
  return { pixels, dims: [1, n, h, w] };
}

// N x C data is pixel after pixel; 1 x C x H x W is channel after channel.
function flatten(pixels, planar) {
  return planar ? Array.from({ length: n }, (_, k) => pixels.map((p) => p[k])).flat() : pixels.flat();
}

function difference(a, b) {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return a.length === b.length ? worst : Infinity;
}

const { pixels, dims } = input(imagePath);
const planar = dims.length === 4;
const forward = await ort.InferenceSession.create(forwardPath);
const inverse = await ort.InferenceSession.create(inversePath);
const wide = forward.inputMetadata?.[0]?.type !== "float32";
const make = (data) => (wide ? new ort.Tensor("float64", Float64Array.from(data), dims) : new ort.Tensor("float32", Float32Array.from(data), dims));

const x = flatten(pixels, planar);
const want = flatten(pixels.map((p) => target.map((row) => row.reduce((sum, v, j) => sum + v * p[j], 0))), planar);
const y = (await forward.run({ x: make(x) })).y.data;
const back = (await inverse.run({ x: make(y) })).y.data;
const worst = Math.max(difference(y, want), difference(back, x));
console.log(`${forwardPath}: n = ${n}, ${wide ? "float64" : "float32"}, ${pixels.length} vectors, largest difference ${worst.toExponential(1)}`);
process.exit(worst <= (wide ? 1e-11 : 1e-4) ? 0 : 1);
