"use strict";

// Panels of one movie: the same moment, the same place, at every time. One player for each element .player.
(() => {
  const NAMES = { acquired: "acquired alone", interpolated: "interpolated", truth: "truth", error: "error", interval: "interval width" };
  const ORDER = Object.keys(NAMES);
  const COLOURS = {
    diverging: [[0, 114, 178], [255, 255, 255], [213, 94, 0]],
    sequential: [[0, 32, 77], [124, 123, 120], [255, 234, 70]],
  };
  const FRAMES_PER_SECOND = 6;
  const MOST_ZOOM = 32;
  const MOST_CACHED = 96;

  const make = (tag, className, words) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (words !== undefined) made.textContent = words;
    return made;
  };
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const brief = (value) => Number(value.toPrecision(3)).toString();

  function table(stops) {
    return Array.from({ length: 256 }, (_, code) => {
      const place = (code / 255) * (stops.length - 1);
      const first = Math.min(Math.floor(place), stops.length - 2);
      return stops[first].map((from, i) => from + (stops[first + 1][i] - from) * (place - first));
    });
  }
  const TABLES = { diverging: table(COLOURS.diverging), sequential: table(COLOURS.sequential) };

  function tinted(image, colours) {
    const canvas = make("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      const colour = TABLES[colours][pixels.data[i]];
      for (let c = 0; c < 3; c += 1) pixels.data[i + c] = colour[c];
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  }

  // Decoded pictures, the least recently used given up first.
  function pictureStore(jpeg) {
    const cache = new Map();
    const load = async (index, colours) => {
      const image = new Image();
      image.src = `data:image/jpeg;base64,${jpeg[index]}`;
      await image.decode();
      return colours === "grey" ? image : tinted(image, colours);
    };
    return (index, colours) => {
      const kept = cache.get(index) ?? load(index, colours);
      cache.delete(index);
      cache.set(index, kept);
      if (cache.size > MOST_CACHED) cache.delete(cache.keys().next().value);
      return kept;
    };
  }

  function start(root) {
    const movie = JSON.parse(document.getElementById(root.dataset.source).textContent);
    const picture = pictureStore(movie.jpeg);
    const part = (name) => root.querySelector(`.${name}`);
    const last = movie.moments.length - 1;
    const keys = ORDER.filter((key) => movie.layers.some((layer) => layer.key === key));
    const view = { zoom: 1, x: movie.width / 2, y: movie.height / 2 };
    const state = { moment: 0, method: movie.methods[0] ?? "", channel: 0, timer: null };

    const layerOf = (key) => movie.layers.find((layer) => layer.key === key && layer.channel === state.channel
      && (layer.method === "" || layer.method === state.method));

    const panels = keys.map((key) => {
      const figure = make("figure", "panel");
      const screen = make("div", "screen");
      const canvas = make("canvas");
      const badge = make("span", "badge");
      const caption = make("figcaption");
      const ends = make("span", "ends");
      const title = make("strong");
      canvas.style.aspectRatio = `${movie.width} / ${movie.height}`;
      canvas.setAttribute("role", "img");
      figure.dataset.layer = key;
      screen.append(canvas, badge);
      caption.append(title, ends);
      figure.append(screen, caption);
      part("panels").append(figure);
      return { key, figure, screen, canvas, badge, title, ends };
    });

    function mark(panel, layer) {
      const moment = movie.moments[state.moment];
      const predicted = moment.kind === "interpolated";
      const shown = layer ? layer.pictures[state.moment] : null;
      const words = { truth: "ACQUIRED, held out", acquired: "NO FRAME: last acquired one stands" };
      const missing = panel.key === "error" || panel.key === "interval" ? "acquired frame: nothing predicted" : "nothing here";
      const isPrediction = predicted && ["interpolated", "error", "interval"].includes(panel.key);
      panel.badge.textContent = shown === null ? (predicted ? "not predicted by this method" : missing)
        : predicted ? words[panel.key] ?? (panel.key === "interpolated" ? "INTERPOLATED" : "of an INTERPOLATED frame") : moment.kind.toUpperCase();
      const kind = isPrediction ? "interpolated" : predicted ? "acquired" : moment.kind;
      panel.badge.className = `badge ${shown === null || (predicted && panel.key === "acquired") ? "none" : kind}`;
      panel.screen.className = `screen ${isPrediction || (shown !== null && !(predicted && panel.key === "acquired")) ? kind : ""}`;
      panel.canvas.setAttribute("aria-label", `${NAMES[panel.key]}: ${panel.badge.textContent}, ${moment.label}`);
    }

    function caption(panel, layer) {
      const named = panel.key === "truth" || panel.key === "acquired" || !state.method;
      panel.title.textContent = named ? NAMES[panel.key] : `${NAMES[panel.key]}: ${state.method}`;
      const unit = layer && layer.colours !== "grey" ? " %" : "";
      panel.ends.replaceChildren(...(layer ? [
        make("span", "", brief(layer.low) + unit), make("i", layer.colours), make("span", "", brief(layer.high) + unit)] : []));
    }

    function place(canvas, image) {
      const sharpness = window.devicePixelRatio || 1;
      const width = Math.max(1, Math.round(canvas.clientWidth * sharpness));
      const height = Math.max(1, Math.round((width * movie.height) / movie.width));
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, width, height);
      if (!image) return;
      const across = (image.naturalWidth ?? image.width) / movie.width;
      const down = (image.naturalHeight ?? image.height) / movie.height;
      const [w, h] = [movie.width / view.zoom, movie.height / view.zoom];
      context.imageSmoothingEnabled = view.zoom * width < 2 * movie.width;
      context.drawImage(image, (view.x - w / 2) * across, (view.y - h / 2) * down, w * across, h * down, 0, 0, width, height);
    }

    async function draw(panel) {
      const layer = layerOf(panel.key);
      const index = layer ? layer.pictures[state.moment] : null;
      mark(panel, layer);
      caption(panel, layer);
      panel.wanted = index;
      const image = index === null ? null : await picture(index, layer.colours);
      if (panel.wanted !== index) return;
      place(panel.canvas, image);
      panel.canvas.dataset.picture = index ?? "";
    }

    function show() {
      const moment = movie.moments[state.moment];
      root.dataset.moment = state.moment;
      root.dataset.zoom = view.zoom;
      root.dataset.place = `${view.x.toFixed(1)},${view.y.toFixed(1)}`;
      root.classList.toggle("zoomed", view.zoom > 1);
      const words = `${state.moment + 1} of ${last + 1}, ${moment.label}: ${moment.kind.toUpperCase()}, ${moment.place}`;
      const slider = part("slider");
      slider.value = state.moment;
      slider.setAttribute("aria-valuetext", words);
      part("state").setAttribute("aria-live", state.timer ? "off" : "polite");
      part("state").textContent = view.zoom > 1 ? `${words}; zoom ${view.zoom.toFixed(1)}×` : words;
      part("strip").childNodes.forEach((cell, i) => cell.classList.toggle("now", i === state.moment));
      panels.forEach(draw);
    }

    function go(moment) {
      state.moment = clamp(moment, 0, last);
      show();
    }

    function play(on) {
      clearInterval(state.timer);
      state.timer = on ? setInterval(() => go(state.moment === last ? 0 : state.moment + 1), 1000 / FRAMES_PER_SECOND) : null;
      const button = root.querySelector("[data-do=play]");
      button.textContent = on ? "❚❚" : "▶";
      button.setAttribute("aria-label", on ? "pause" : "play");
      show();
    }

    // Keep the whole window inside the frame.
    function look(x, y, zoom) {
      view.zoom = clamp(zoom, 1, MOST_ZOOM);
      const [w, h] = [movie.width / view.zoom / 2, movie.height / view.zoom / 2];
      view.x = clamp(x, w, movie.width - w);
      view.y = clamp(y, h, movie.height - h);
      show();
    }
    const zoomBy = (factor) => look(view.x, view.y, view.zoom * factor);
    const pan = (dx, dy) => look(view.x + (dx * movie.width) / view.zoom, view.y + (dy * movie.height) / view.zoom, view.zoom);
    const whole = () => look(movie.width / 2, movie.height / 2, 1);
    // Zoom about the point under a pointer, which stays where it is.
    function zoomAt(canvas, event, factor) {
      const box = canvas.getBoundingClientRect();
      const zoom = clamp(view.zoom * factor, 1, MOST_ZOOM);
      const [ax, ay] = [(event.clientX - box.left) / box.width - 0.5, (event.clientY - box.top) / box.height - 0.5];
      look(view.x + ax * movie.width * (1 / view.zoom - 1 / zoom), view.y + ay * movie.height * (1 / view.zoom - 1 / zoom), zoom);
    }

    function choose(name, options, chosen) {
      const label = make("label", "", `${name} `);
      const select = make("select");
      select.dataset.choose = name;
      options.forEach((words, i) => select.add(new Option(words, i)));
      select.addEventListener("change", () => { chosen(Number(select.value)); show(); });
      label.append(select);
      part("choices").append(label);
      return select;
    }

    function nextMethod(select) {
      select.value = (Number(select.value) + 1) % movie.methods.length;
      select.dispatchEvent(new Event("change"));
    }

    const methods = movie.methods.length > 1
      ? choose("method", movie.methods, (i) => { state.method = movie.methods[i]; }) : null;
    if (movie.channels.length > 1) choose("channel", movie.channels, (i) => { state.channel = i; });
    panels.forEach((panel) => {
      const label = make("label", "", NAMES[panel.key]);
      const box = make("input");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => { panel.figure.hidden = !box.checked; show(); });
      label.prepend(box);
      part("choices").append(label);
    });

    const actions = {
      back: ["◀", "one frame back", () => go(state.moment - 1)],
      play: ["▶", "play", () => play(!state.timer)],
      forward: ["▶|", "one frame on", () => go(state.moment + 1)],
      out: ["−", "zoom out", () => zoomBy(1 / 1.5)],
      in: ["+", "zoom in", () => zoomBy(1.5)],
      whole: ["whole frame", "whole frame", whole],
    };
    Object.entries(actions).forEach(([name, [words, label, act]]) => {
      const button = make("button", "", words);
      button.type = "button";
      button.dataset.do = name;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      part("buttons").append(button);
    });
    movie.moments.forEach((moment, i) => {
      const cell = make("i", moment.kind);
      cell.addEventListener("click", () => go(i));
      part("strip").append(cell);
    });
    part("slider").max = last;
    part("slider").addEventListener("input", (event) => go(Number(event.target.value)));

    const pressed = {
      ArrowLeft: (e) => (e.shiftKey ? pan(-0.1, 0) : go(state.moment - 1)),
      ArrowRight: (e) => (e.shiftKey ? pan(0.1, 0) : go(state.moment + 1)),
      ArrowUp: (e) => e.shiftKey && pan(0, -0.1),
      ArrowDown: (e) => e.shiftKey && pan(0, 0.1),
      Home: () => go(0),
      End: () => go(last),
      " ": () => play(!state.timer),
      "+": () => zoomBy(1.5),
      "=": () => zoomBy(1.5),
      "-": () => zoomBy(1 / 1.5),
      0: whole,
      m: () => methods && nextMethod(methods),
    };
    root.addEventListener("keydown", (event) => {
      const act = pressed[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      const own = event.target.closest("select") || (event.key === " " && event.target.closest("button, input"));
      const scrolls = event.key.startsWith("Arrow") && !event.shiftKey && /Up|Down/.test(event.key);
      if (!act || own || scrolls || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act(event);
    });
    watchPointers(panels.map((panel) => panel.canvas), { view, movie, look, zoomAt });
    new ResizeObserver(() => panels.forEach(draw)).observe(part("panels"));
    window.addEventListener("beforeprint", () => play(false));
    const middle = movie.moments.findIndex((moment, i) => moment.kind === "interpolated" && i >= last / 2);
    go(Math.max(0, middle));
  }

  // Drag with one pointer to move, pinch with two to zoom, double click, or wheel with ctrl (which is what a track pad's pinch says).
  function watchPointers(canvases, { view, movie, look, zoomAt }) {
    const down = new Map();
    const spread = () => {
      const [a, b] = [...down.values()];
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    canvases.forEach((canvas) => {
      canvas.addEventListener("dblclick", (event) => zoomAt(canvas, event, event.shiftKey ? 0.5 : 2));
      canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        zoomAt(canvas, event, Math.exp(-event.deltaY / 200));
      }, { passive: false });
      canvas.addEventListener("pointerdown", (event) => {
        down.set(event.pointerId, event);
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = down.get(event.pointerId);
        if (!before) return;
        const apart = down.size === 2 ? spread() : 0;
        down.set(event.pointerId, event);
        if (apart) zoomAt(canvas, event, spread() / apart);
        else if (view.zoom > 1) {
          const scale = movie.width / view.zoom / canvas.clientWidth;
          look(view.x - (event.clientX - before.clientX) * scale, view.y - (event.clientY - before.clientY) * scale, view.zoom);
        }
      });
      ["pointerup", "pointercancel"].forEach((name) => canvas.addEventListener(name, (event) => down.delete(event.pointerId)));
    });
  }

  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  document.querySelectorAll(".player").forEach(start);
})();
