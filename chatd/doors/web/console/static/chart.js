// Figures of the last hour, drawn to the size they have on the screen.

const SVG = "http://www.w3.org/2000/svg";
const MINUTES = 60;
const LEFT = 30;
const BOTTOM = 18;
const TOP = 8;

function draw(tag, attributes, words) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (words !== undefined) element.textContent = words;
  return element;
}

// The next number above that reads well on a scale, and whose half does.
function round(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [2, 4, 6, 8, 10, 20].map((step) => step * power).find((one) => one > most);
}

export function chart(svg, minutes, name, kind) {
  const { width, height } = svg.getBoundingClientRect();
  if (!width) return;
  const values = minutes.map((one) => one[name]);
  const most = Math.max(...values);
  const top = round(most);
  const right = width - 4;
  const floor = height - BOTTOM;
  const slot = (right - LEFT) / MINUTES;
  const x = (at) => right - (values.length - 1 - at) * slot;
  const y = (value) => floor - ((floor - TOP) * value) / top;
  const parts = [];
  for (const value of [0, top / 2, top]) {
    parts.push(draw("line", { class: "grid", x1: LEFT, x2: right, y1: y(value), y2: y(value) }));
    parts.push(draw("text", { class: "scale", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value));
  }
  for (const [minute, anchor] of [[60, "start"], [30, "middle"], [0, "end"]]) {
    const at = right - minute * slot;
    parts.push(draw("text", { class: "scale", x: at, y: height - 3, "text-anchor": anchor }, minute ? `${minute} min ago` : "now"));
  }
  if (kind === "bars") {
    values.forEach((value, at) => {
      if (value) parts.push(draw("rect", { class: "bar", x: x(at) - slot + 1, y: y(value), width: Math.max(1, slot - 1.5), height: floor - y(value) }));
    });
  } else {
    const points = values.map((value, at) => `${x(at)},${y(value)}`);
    if (points.length > 1) parts.push(draw("polygon", { class: "area", points: `${x(0)},${floor} ${points.join(" ")} ${right},${floor}` }));
    parts.push(draw("polyline", { class: "curve", points: points.length > 1 ? points.join(" ") : `${right - slot},${y(values[0])} ${right},${y(values[0])}` }));
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", `${name} in the last hour: ${values.at(-1)} now, ${most} at most`);
  svg.replaceChildren(...parts);
}
