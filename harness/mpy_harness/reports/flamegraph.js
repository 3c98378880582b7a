// Zoom, search and details for a flame graph: the picture is whole without this.
(function () {
  "use strict";
  const svg = document.currentScript && document.currentScript.closest("svg");
  if (!svg) return;
  const SVG = "http://www.w3.org/2000/svg", HTML = "http://www.w3.org/1999/xhtml";
  const number = (element, name) => Number(element.getAttribute("data-" + name));
  const margin = number(svg, "margin"), top = number(svg, "top"), row = number(svg, "row");
  const footer = number(svg, "footer"), total = number(svg, "total");
  const group = svg.querySelector(".frames"), facts = svg.querySelector(".facts");
  const hint = svg.querySelector(".hint"), deeper = svg.querySelector(".deeper"), card = svg.querySelector(".card");
  const alone = svg === document.documentElement && window === window.parent;
  const region = facts.textContent;
  const percent = (size) => (100 * size / total).toFixed(1) + "%";
  const frames = Array.from(group.children, (element) => {
    const lines = element.querySelector("title").textContent.split("\n");
    return {
      element, name: lines[0], about: lines.join("  ·  "), searched: lines.slice(0, 2).join(" ").toLowerCase(),
      rect: element.querySelector("rect"), text: element.querySelector("text"),
      at: number(element, "at"), size: number(element, "size"), level: number(element, "level"),
    };
  });
  if (!frames.length) return;
  const whole = frames[0];
  let focus = whole, current = whole, width = svg.viewBox.baseVal.width, letter = 7.25;

  function label(frame, wide) {
    const fits = Math.floor((wide - 8) / letter), name = Array.from(frame.name), part = " " + percent(frame.size);
    if (!frame.text) {
      frame.text = document.createElementNS(SVG, "text");
      frame.text.setAttribute("x", 4);
      frame.text.setAttribute("y", 13);
      frame.element.append(frame.text);
    }
    frame.text.textContent = fits > 2 ? (name.length > fits ? name.slice(0, fits - 1).join("") + "…" : frame.name) : "";
    if (fits >= name.length + part.length) {
      const extra = document.createElementNS(SVG, "tspan");
      extra.textContent = part;
      frame.text.append(extra);
    }
  }

  function place(frame) {
    const above = focus.level > frame.level && focus.at >= frame.at && frame.at + frame.size >= focus.at + focus.size;
    const below = frame.level >= focus.level && frame.at >= focus.at && focus.at + focus.size >= frame.at + frame.size;
    const scale = (width - 2 * margin) / focus.size;
    const x = above ? margin : margin + (frame.at - focus.at) * scale;
    const wide = above ? width - 2 * margin : frame.size * scale;
    const visible = above || (below && wide >= 0.5);
    if (!visible) {
      frame.element.setAttribute("display", "none");
      return -1;
    }
    frame.element.removeAttribute("display");
    frame.element.classList.toggle("above", above);
    frame.element.setAttribute("x", x.toFixed(2));
    frame.element.setAttribute("width", wide.toFixed(2));
    frame.rect.setAttribute("width", Math.max(wide - 1, 0.75 * wide).toFixed(2));
    label(frame, wide);
    return frame.level;
  }

  function layout() {
    const deepest = frames.reduce((most, frame) => Math.max(most, place(frame)), 0);
    const height = Math.max(top + row * (deepest + 1) + footer, alone ? window.innerHeight : 0);
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    card.setAttribute("width", width - 1);
    card.setAttribute("height", height - 1);
    hint.setAttribute("y", top + row * (deepest + 1) + footer - 10);
    if (deeper) deeper.remove();
    tools.setAttribute("x", width - margin - 327);
    back.disabled = focus === whole;
  }

  function zoom(frame) {
    focus = frame === focus ? whole : frame;
    layout();
  }

  function tell(text) {
    facts.textContent = text || found || region;
  }

  // Counts each instruction once: frames come in order, those inside a hit add nothing.
  let found = "";
  function search() {
    const wanted = input.value.trim().toLowerCase();
    let end = 0, size = 0, hits = 0;
    for (const frame of frames) {
      const hit = wanted !== "" && frame.searched.includes(wanted);
      frame.element.classList.toggle("hit", hit);
      if (!hit) continue;
      hits += 1;
      if (frame.at >= end) {
        size += frame.size;
        end = frame.at + frame.size;
      }
    }
    group.classList.toggle("searched", wanted !== "");
    found = wanted === "" ? "" : percent(size) + " of all instructions in " + hits + " bars with “" + wanted + "” and what they call";
    tell("");
  }

  const tools = document.createElementNS(SVG, "foreignObject");
  const bar = document.createElementNS(HTML, "div");
  const back = document.createElementNS(HTML, "button");
  const input = document.createElementNS(HTML, "input");
  tools.setAttribute("y", 7);
  tools.setAttribute("width", 330);
  tools.setAttribute("height", 36);
  bar.className = "tools";
  back.textContent = "Show all";
  back.title = "Escape";
  input.type = "search";
  input.placeholder = "Search (Ctrl-F)";
  bar.append(back, input);
  tools.append(bar);
  svg.append(tools);
  svg.classList.add("live");

  const frameOf = (event) => frames.find((frame) => frame.element === event.target.closest(".frame"));
  group.addEventListener("click", (event) => zoom(frameOf(event) || whole));
  group.addEventListener("mouseover", (event) => tell((frameOf(event) || { about: "" }).about));
  group.addEventListener("mouseleave", () => tell(""));
  back.addEventListener("click", () => zoom(whole));
  input.addEventListener("input", search);
  // The keyboard: one frame can be reached by Tab, arrows go from there to its caller, callees and neighbours.
  const inside = (frame, other) => frame.at >= other.at && frame.at + frame.size <= other.at + other.size;
  const shown = (frame) => frame.element.getAttribute("display") !== "none";
  function step(key) {
    const near = (level, fits) => frames.filter((frame) => frame.level === level && shown(frame) && fits(frame));
    if (key === "ArrowUp") return near(current.level - 1, (frame) => inside(current, frame))[0];
    if (key === "ArrowDown") return near(current.level + 1, (frame) => inside(frame, current))[0];
    if (key === "ArrowLeft") return near(current.level, (frame) => frame.at < current.at).pop();
    if (key === "ArrowRight") return near(current.level, (frame) => frame.at > current.at)[0];
    return key === "Home" ? whole : undefined;
  }
  function reach(frame) {
    current.element.setAttribute("tabindex", -1);
    current = frame;
    current.element.setAttribute("tabindex", 0);
    current.element.focus();
  }
  for (const frame of frames) {
    frame.element.setAttribute("role", "button");
    frame.element.setAttribute("aria-label", frame.about);
    frame.element.setAttribute("tabindex", frame === whole ? 0 : -1);
  }
  group.addEventListener("focusin", (event) => tell((frameOf(event) || { about: "" }).about));
  group.addEventListener("focusout", () => tell(""));
  group.addEventListener("keydown", (event) => {
    const to = step(event.key);
    if (event.key === "Enter" || event.key === " ") zoom(current);
    else if (to) reach(to);
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
  });
  window.addEventListener("keydown", (event) => {
    if (!alone && !svg.matches(":hover") && !svg.contains(document.activeElement)) return; // inside a page, other keys are the page's
    if ((event.ctrlKey || event.metaKey) && event.key === "f" && document.activeElement !== input) {
      event.preventDefault(); // a second Ctrl-F is the browser's own
      input.focus();
      input.select();
    } else if (event.key === "Escape") {
      if (input.value) {
        input.value = "";
        search();
      } else if (focus !== whole) {
        zoom(whole);
      }
    }
  });

  const measured = frames.find((frame) => frame.text && frame.element.getAttribute("display") !== "none");
  const length = measured ? measured.text.getComputedTextLength() : 0;
  if (length) letter = length / Array.from(measured.text.textContent).length;
  function fit() {
    const room = alone ? document.documentElement.clientWidth || window.innerWidth : svg.parentElement && svg.parentElement.clientWidth;
    if (room) width = Math.max(600, room);
    layout();
  }
  window.addEventListener("resize", fit);
  fit();
})();
