// Sample from a nonlinear flow in ONNX Runtime and compare with its knots, its target and its report.
//
//   node check_flow_onnx.mjs forward.onnx inverse.onnx flow.json report.json
//
// The files come from verify universal with the same target and bound; flow.json is piecewise-linear, the models of either form and type. Exits 0 if
// the model agrees with the knots as they stand in the text, the inverse undoes it, the determinants are opposite, and the samples' distances from
// those of the target along the axes are below the proved bound. onnxruntime-node must be installed where Node.js finds it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { cwd } from "node:process";

const require = createRequire(cwd() + "/");
const ort = require("onnxruntime-node");

const [forwardPath, inversePath, jsonPath, reportPath] = process.argv.slice(2);
const flow = JSON.parse(readFileSync(jsonPath, "utf8"));
const report = JSON.parse(readFileSync(reportPath, "utf8"));
const dim = flow.dim[0];
const points = 20000;

let state = 12345;
function uniform() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
}
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

// The function with the given values at the knots, by linear search.
function interpolate(knots, values, t) {
  if (t <= knots[0]) return values[0];
  for (let k = 1; k < knots.length; k++)
    if (t <= knots[k]) return values[k - 1] + ((values[k] - values[k - 1]) * (t - knots[k - 1])) / (knots[k] - knots[k - 1]);
  return values[values.length - 1];
}

// The image of z and the logarithm of the determinant, from the text.
function run(z) {
  const x = [...z];
  let logdet = 0;
  for (let k = 0; `layers.${k}.coord` in flow; k++)
    flow[`layers.${k}.coord`].forEach((coord, j) => {
      const at = (what) => {
        const name = `layers.${k}.${j}.${what}.`;
        return name + "knots" in flow ? interpolate(flow[name + "knots"], flow[name + "values"], x[flow[`layers.${k}.reads`][j]]) : 0;
      };
      const logScale = Math.log(flow[`layers.${k}.factor`][j]) + at("log_scale");
      x[coord] = Math.exp(logScale) * x[coord] + at("shift");
      logdet += logScale;
    });
  return { x, logdet };
}

// A sample of the target's histogram.
const sums = [0];
for (const w of flow["target.weights"]) sums.push(sums[sums.length - 1] + w);
function target() {
  const goal = uniform() * sums[sums.length - 1];
  let [lo, hi] = [0, sums.length - 1];
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (sums[mid] <= goal) lo = mid;
    else hi = mid;
  }
  const y = Array(dim);
  for (let j = dim - 1, cell = lo; j >= 0; j--) {
    const n = flow["target.cells"][j];
    y[j] = flow["target.lo"][j] + ((flow["target.hi"][j] - flow["target.lo"][j]) * ((cell % n) + uniform())) / n;
    cell = Math.floor(cell / n);
  }
  return y;
}

const quantile = (v, q) => [...v].sort((a, b) => a - b)[Math.floor(q * (v.length - 1))];
function along(axis, x, y) {
  const [a, b] = [x, y].map((points) => points.map((p) => p[axis]).sort((u, v) => u - v));
  return Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length);
}

const forward = await ort.InferenceSession.create(forwardPath);
const inverse = await ort.InferenceSession.create(inversePath);
const wide = forward.inputMetadata?.[0]?.type !== "float32";
const relu = readFileSync(forwardPath).includes("Relu");
const make = (data) => (wide ? new ort.Tensor("float64", Float64Array.from(data), [points, dim]) : new ort.Tensor("float32", Float32Array.from(data), [points, dim]));

const z = make(Array.from({ length: points * dim }, normal));
const out = await forward.run({ x: z });
const back = await inverse.run({ x: out.y });
const rows = (data) => Array.from({ length: points }, (_, i) => Array.from(data.slice(i * dim, (i + 1) * dim)));
const samples = rows(out.y.data);
const want = rows(z.data).map(run);

const off = samples.map((x, i) => Math.max(...x.map((v, k) => Math.abs(v - want[i].x[k]))));
const undone = Array.from(back.y.data, (v, i) => Math.abs(v - z.data[i]));
const logdet = Math.max(...Array.from(out.logdet.data, (v, i) => Math.abs(v - want[i].logdet)));
const opposite = Math.max(...Array.from(out.logdet.data, (v, i) => Math.abs(v + back.logdet.data[i])));
const loss = report.hinges[relu ? (wide ? "float64" : "float32") : wide ? "float64" : "knots_float32"];
const tolerance = relu || !wide ? 5 * loss : 1e-12;
// Both ways see the same sums, but for the rounding of what they read.
const undoing = relu ? 100 * tolerance : wide ? 1e-9 : 1e-3;
const targets = Array.from({ length: points }, target);
const again = Array.from({ length: points }, target);
const axes = Array.from({ length: dim }, (_, k) => along(k, samples, targets));
const sampling = 3 * Math.max(...axes.map((_, k) => along(k, again, targets)));

console.log(
  `${forwardPath}: D = ${dim}, ${relu ? "ReLU" : "piecewise-linear"}, ${wide ? "float64" : "float32"}, ${points} samples, off by ${quantile(off, 0.98).toExponential(1)} ` +
    `at the 98th percentile, inverse by ${quantile(undone, 0.98).toExponential(1)}, W2 at least ${Math.max(...axes).toFixed(4)} along an axis, proved ${report.w2_bound}`,
);
const fine =
  quantile(off, 0.98) <= tolerance && quantile(undone, 0.98) <= undoing && logdet <= (wide ? 1e-12 : 1e-5) && opposite <= (wide ? 1e-12 : 1e-5) &&
  Math.max(...axes) <= Math.min(report.w2_bound, report.w2_projected) + sampling && Math.max(...axes) >= report.w2_projected / 3 - sampling;
process.exit(fine ? 0 : 1);
