// Draws the world once, so that the browser needs no map library and no
// geometry: Natural Earth's countries (world-atlas, 1:50m), simplified,
// projected with Natural Earth's projection, written as SVG paths in whole
// tenths of a unit to src/assets/world.json:
//   { width, height, countries: { DE: { d, x, y, r } } }
// x, y is the centre; r > 0 marks a country too small to see, drawn as a dot.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { geoNaturalEarth1, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import { topology } from 'topojson-server';
import { presimplify, simplify } from 'topojson-simplify';
import countries from 'i18n-iso-countries';

const WIDTH = 960;
const HEIGHT = 452;
const SMALLEST = 0.35; // square units: the least triangle a corner may stand for
const ISLAND = 0.6; // square units: smaller rings are dropped
const DOT_BELOW = 14; // square units

// Natural Earth draws a few places without an ISO number.
const byName = { Kosovo: 'XK' };
const leaveOut = new Set(['AQ']);

const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve('world-atlas/countries-50m.json'), 'utf8'));
const collection = feature(atlas, atlas.objects.countries);
const alpha2 = (f) => (f.id ? countries.numericToAlpha2(f.id) : byName[f.properties.name]);
const land = collection.features.filter((f) => alpha2(f) && !leaveOut.has(alpha2(f)));

// 1 Project, on the sphere, where the antimeridian is cut properly.
const projection = geoNaturalEarth1().fitExtent(
  [[2, 2], [WIDTH - 2, HEIGHT - 2]],
  { type: 'FeatureCollection', features: land },
);
const path = geoPath(projection).digits(3);
const rings = (d) => d.slice(1, -1).split('ZM').map((r) => {
  const points = r.split('L').map((p) => p.split(',').map(Number));
  return [...points, points[0]];
});
const flat = land.filter((f) => path(f)).map((f) => ({
  type: 'Feature',
  properties: { code: alpha2(f) },
  geometry: { type: 'MultiPolygon', coordinates: rings(path(f)).map((r) => [r]) },
}));

// 2 Simplify in the plane, on shared borders, so that neighbours still touch.
const topo = presimplify(topology({ land: { type: 'FeatureCollection', features: flat } }, 1e5));
const simple = feature(simplify(topo, SMALLEST), 'land');

// 3 Write the rings that are still to be seen.
const area = (ring) => Math.abs(ring.reduce((sum, [x, y], i) => {
  const [u, v] = ring[(i + 1) % ring.length];
  return sum + x * v - u * y;
}, 0) / 2);
const round = (n) => Math.round(n * 10) / 10;
const write = (ring) => {
  const points = ring.slice(0, -1).map(([x, y]) => [round(x), round(y)]);
  let [px, py] = points[0];
  let d = `M${px},${py}l`;
  d += points.slice(1).map(([x, y]) => {
    const step = `${round(x - px)},${round(y - py)}`;
    [px, py] = [x, y];
    return step;
  }).join(' ');
  return d.replace(/ -/g, '-').replace(/,-/g, '-').replace(/\b0\./g, '.') + 'z';
};

const out = {};
for (const [i, f] of simple.features.entries()) {
  const all = f.geometry.coordinates.map((polygon) => polygon[0]).sort((a, b) => area(b) - area(a));
  const [biggest] = all;
  const kept = all.filter((r) => r.length > 3 && area(r) > ISLAND);
  const [[x0, y0], [x1, y1]] = bounds(area(biggest) > 0 ? biggest : flat[i].geometry.coordinates[0][0]);
  const code = f.properties.code;
  const entry = { d: kept.map(write).join(''), x: round((x0 + x1) / 2), y: round((y0 + y1) / 2), r: area(biggest) < DOT_BELOW ? 2.6 : 0 };
  // Two features of one country (overseas parts): keep both outlines.
  if (out[code]) out[code].d += entry.d;
  else out[code] = entry;
}

function bounds(ring) {
  const xs = ring.map((p) => p[0]);
  const ys = ring.map((p) => p[1]);
  return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
}

const sorted = Object.fromEntries(Object.entries(out).sort(([a], [b]) => a.localeCompare(b)));
const text = JSON.stringify({ width: WIDTH, height: HEIGHT, countries: sorted });
writeFileSync(new URL('../src/assets/world.json', import.meta.url), text + '\n');
console.log(`world.json: ${Object.keys(out).length} countries, ${text.length} bytes`);
